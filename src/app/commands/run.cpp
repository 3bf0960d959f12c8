// SPDX-License-Identifier: Apache-2.0
#include "app/commands/run.hpp"

#include "app/command_line/linux_command_line.hpp"
#include "app/host_source.hpp"
#include "app/run/run_to_end.hpp"
#include "parley/base/text.hpp"
#include "parley/base/try.hpp"
#include "parley/compat/nesting.hpp"
#include "parley/kvm/counting_kernel.hpp"
#include "parley/machine/machine.hpp"
#include "parley/machine/probe.hpp"
#include "parley/report/text.hpp"

namespace parley::app {
namespace {

// Warns about each requested level that the policy refused.
void announce_policy(const compat::Decision &decision, const Diagnostics &diagnostics) {
  for (const auto &attempt : decision.trail) {
    if (attempt.legal()) break;
    const auto &step = attempt.steps.back();
    const std::string why = std::string(step.rule->name) + ": " + step.finding.evidence;
    if (decision.forced && attempt.target == decision.chosen) {
      diagnostics.warn("forced: " + describe(attempt.target) + " is not legal here (" + why + ")");
      break;
    }
    diagnostics.warn(describe(attempt.target) + " is not legal here (" + why + "); taking the next");
  }
}

struct Planned {
  guest::MachinePlan plan;
  compat::AssessedHost host;
  session::OpenedKvm kvm;
};

Ended refused(const compat::Refusal &refusal, const compat::AssessedHost &host) {
  return {kRefused, report::explain(refusal, host)};
}

struct EarlyRefusal {
  compat::Refusal refusal;
  compat::AssessedHost host;
};

// Refuses without creating a VM. A VM could add nothing about levels where the silicon is known and the kernel has no
// KVM_PPC_GET_COMPAT_CAPS: the wish would be refused with it as well. The host is spared the VM, and it stays unknown
// whether the host could have created one.
std::optional<EarlyRefusal> refuse_early(const RunOptions &options, const host::Facts &facts) {
  if (facts.kvm.access != host::KvmAccess::kHv || facts.kvm.capability("KVM_CAP_PPC_COMPAT_CAPS") != 0)
    return std::nullopt;
  compat::AssessedHost host = assess_host(facts);
  host.mmu = options.mmu;
  auto decision = compat::decide(options.wish, host);
  if (decision || !host.capabilities.silicon) return std::nullopt;
  return EarlyRefusal{std::move(decision.error()), std::move(host)};
}

std::expected<guest::GuestRequest, Ended> announced_request(const RunOptions &options, const Diagnostics &diagnostics) {
  if (!options.no_effect.empty())
    diagnostics.warn("without effect here: " + join(options.no_effect, ", ") +
                     " (Parley's guests have the features of their host)");
  for (const std::string &remark : options.remarks) diagnostics.info(remark);
  auto request = make_request(options.guest);
  if (!request) return std::unexpected(Ended{kFailure, request.error()});
  if (options.guest.kernel && !request->payload.relocates_itself)
    for (const std::string &doubt : doubts_about_linux_command_line(request->command_line, request->terminals))
      diagnostics.warn(doubt);
  return std::move(*request);
}

struct FoundHost {
  compat::AssessedHost host;
  session::OpenedKvm kvm;
};

std::expected<FoundHost, Ended> find_host(const RunOptions &options, const World &world,
                                          const Diagnostics &diagnostics) {
  host::Facts facts = world.live_facts();
  std::optional<session::OpenedKvm> opened;
  if (host::is_power(facts.system)) {
    machine::Probe probe(world.kernel);
    facts.kvm = probe.facts();
    if (const auto early = refuse_early(options, facts)) {
      warn_of_doubts(early->host, diagnostics);
      return std::unexpected(refused(early->refusal, early->host));
    }
    if (auto fresh = probe.create_fresh_vm()) opened = session::OpenedKvm{probe.release_system(), std::move(*fresh)};
    facts.kvm = probe.facts();
  }
  auto host = usable_host(std::move(facts), diagnostics);
  if (!host) return std::unexpected(Ended{host.error().code, host.error().failure});
  host->mmu = options.mmu;
  return FoundHost{std::move(*host), std::move(*opened)};
}

std::expected<Planned, Ended> plan_guest(const RunOptions &options, const World &world,
                                         const Diagnostics &diagnostics) {
  auto request = TRY(announced_request(options, diagnostics));
  auto [host, kvm] = TRY(find_host(options, world, diagnostics));
  const auto decision = compat::decide(options.wish, host);
  if (!decision) return std::unexpected(refused(decision.error(), host));
  if (const auto why = options.guest.nested ? compat::why_not_nested(host) : std::nullopt)
    return std::unexpected(Ended{kRefused, *why});
  announce_policy(*decision, diagnostics);
  diagnostics.debug("chosen " + report::decision_line(*decision, host));
  diagnostics.debug_lines(report::trail_text(decision->trail));
  const auto platform = compat::platform_for(decision->chosen, host);
  auto plan =
      guest::plan_machine(std::move(request), *decision, host, machine::papr_interface(host.facts.kvm, platform));
  if (!plan) return std::unexpected(Ended{kFailure, plan.error()});
  return Planned{std::move(*plan), std::move(host), std::move(kvm)};
}

}  // namespace

int execute(const RunOptions &options, const World &world, const Diagnostics &diagnostics) {
  std::optional<kvm::CountingKernel> counting;
  if (diagnostics.traces()) counting.emplace(world.kernel);
  const World counted{counting ? *counting : world.kernel, world.live_facts};
  auto planned = plan_guest(options, counted, diagnostics);
  const Ended ended = planned ? run_to_end(std::move(planned->plan), std::move(planned->host), std::move(planned->kvm),
                                           options, counted.kernel, diagnostics)
                              : planned.error();
  if (counting)
    for (const std::string &line : counting->summary()) diagnostics.trace("counted: " + line);
  if (ended.failure) diagnostics.failure(*ended.failure);
  return ended.code;
}

}  // namespace parley::app
