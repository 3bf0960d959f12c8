// SPDX-License-Identifier: Apache-2.0
#include "app/commands/check.hpp"

#include <algorithm>

#include "app/command_line/option_registry.hpp"
#include "app/commands/output.hpp"
#include "app/host_source.hpp"
#include "parley/base/try.hpp"
#include "parley/machine/probe.hpp"
#include "parley/report/text.hpp"

namespace parley::app {
namespace {

bool was_tried(const host::KvmFacts &kvm, compat::Target target) {
  return std::ranges::find(kvm.trials, target.pvr, &host::LevelTrial::asked) != kvm.trials.end();
}

// The kernel is asked only for a level that all other rules allow. If it refuses that, the next level is decided.
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
      return std::unexpected(Failure{"KVM gives no answer for " + describe(decision->chosen),
                                     "KVM_SET_ONE_REG arch_compat " + describe(trial), "see dmesg"});
    }
    host.facts.kvm.trials.push_back(trial);
    host = assess_host(std::move(host.facts));
  }
}

std::expected<compat::AssessedHost, Failure> host_to_check(const CheckOptions &options, const World &world) {
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

void add_options(OptionRegistry &registry, CheckOptions &options) {
  registry.always("level", options.texts.level, "The level, or a list with commas in order of preference")
      .required()
      .type("LEVEL");
  registry.option("--host", options.host, kHostHelp).type("PATH");
}

std::expected<void, Failure> finish(CheckOptions &options) {
  options.wish.preference = TRY(compat::parse_wish(options.texts.level));
  return {};
}

int execute(const CheckOptions &options, const World &world, const Diagnostics &diagnostics) {
  const auto host = host_to_check(options, world);
  if (!host) {
    diagnostics.failure(host.error());
    return kFailure;
  }
  if (host->capabilities.kvm == host::KvmKind::kNone) {
    const Stopped stopped = stopped_by(host->facts.kvm);
    diagnostics.failure(stopped.failure);
    return stopped.code;
  }
  warn_of_doubts(*host, diagnostics);
  const auto decision = compat::decide(options.wish, *host);
  if (decision) return print_result(report::trail_text(decision->trail), kSuccess, diagnostics);
  diagnostics.failure(report::explain(decision.error(), *host));
  return print_result(report::trail_text(decision.error().trail), kRefused, diagnostics);
}

}  // namespace parley::app
