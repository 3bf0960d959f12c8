// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "commands.hpp"
#include "host_source.hpp"
#include "parley/app/app.hpp"
#include "parley/machine/probe.hpp"
#include "parley/report/text.hpp"

namespace parley::app {
namespace {

bool was_tried(const host::KvmFacts &kvm, compat::Target target) {
  return std::ranges::find(kvm.trials, target.pvr, &host::LevelTrial::asked) != kvm.trials.end();
}

// Only a level that all other rules allow is shown to the kernel; when that refuses it, the next one of the list.
std::expected<void, Failure> try_chosen_levels(const compat::Wish &wish, kvm::Kernel &kernel,
                                               compat::AssessedHost &host) {
  for (;;) {
    const auto decision = compat::decide(wish, host);
    if (!decision || was_tried(host.facts.kvm, decision->chosen)) return {};
    const LogicalPvr tried[] = {decision->chosen.pvr};
    const host::KvmFacts again = machine::probe_kvm(kernel, tried);
    if (again.trials.empty()) return std::unexpected(machine::explain_access(again));
    const host::LevelTrial &trial = again.trials.front();
    if (trial.outcome == host::TrialOutcome::kOther || trial.outcome == host::TrialOutcome::kStoredWithoutPapr) {
      return std::unexpected(Failure{"KVM gives no answer to " + describe(decision->chosen),
                                     "KVM_SET_ONE_REG arch_compat " + describe(trial), "see dmesg"});
    }
    host.facts.kvm.trials.push_back(trial);
  }
}

std::expected<compat::AssessedHost, Failure> host_to_check(const Options &options, const World &world) {
  if (options.host) {
    auto facts = load_host(*options.host);
    if (!facts) return std::unexpected(facts.error());
    return assess_host(std::move(*facts));
  }
  compat::AssessedHost host = assess_host(machine::gather_facts(world.live_facts(), world.kernel));
  if (host.capabilities.kvm == host::KvmKind::kNone) return host;
  if (const auto tried = try_chosen_levels(options.wish, world.kernel, host); !tried)
    return std::unexpected(tried.error());
  return host;
}

}  // namespace

int check(const Options &options, const World &world, const Diagnostics &diagnostics) {
  const auto host = host_to_check(options, world);
  if (!host) {
    diagnostics.failure(host.error());
    return kFailure;
  }
  if (host->capabilities.kvm == host::KvmKind::kNone) {
    diagnostics.failure(machine::explain_access(host->facts.kvm));
    return machine::is_refusal(host->facts.kvm.access) ? kFailure : kNotApplicable;
  }
  warn_of_doubts(*host, diagnostics);
  const auto decision = compat::decide(options.wish, *host);
  if (decision) return print_result(report::trail_text(decision->trail), kSuccess, diagnostics);
  diagnostics.failure(report::explain(decision.error(), *host));
  return print_result(report::trail_text(decision.error().trail), kRefused, diagnostics);
}

}  // namespace parley::app
