// SPDX-License-Identifier: Apache-2.0
//
// The verdict on one cell: observed facts against predicted facts.
//
// The facts follow each other in time: the policy judges the level, KVM_SET_ONE_REG sets it, KVM_GET_ONE_REG reads it
// back, KVM_RUN enters the guest, and the guest reports its level. judge() walks along this chain. It stops at the
// first fact that contradicts the prediction and calls the cell a surprise. If all facts agree, the cell either
// "works", or is "refused as expected": by the policy, by the kernel when the level is set, by KVM_RUN, or by a guest
// kernel that does not list the level.
//
// The prediction concerns only the kernel (predict.cpp). The policy decides whether a guest may have the level at all.
// Where the kernel accepts a level that the policy refuses, the policy alone protects the guest.
#include <algorithm>
#include <ranges>

#include "parley/base/text.hpp"
#include "parley/compat/mmu.hpp"
#include "parley/matrix/cell.hpp"

namespace parley::matrix {
namespace {

using host::TrialOutcome;

Judgement surprise(Fact fact, std::string reason) { return {Verdict::kSurprise, std::move(reason), fact}; }
Judgement refused(std::string reason) { return {Verdict::kRefused, std::move(reason), std::nullopt}; }

std::string described_run(const Run &run) {
  return run.evidence + (run.failure.empty() ? "" : " (" + run.failure + ")");
}

// The cpu-version in the guest's tree: its level, or the silicon of a raw guest.
std::optional<std::uint32_t> cpu_version_of(compat::Target level, const compat::AssessedHost &host) {
  if (!level.is_raw()) return level.pvr.value;
  const auto pvr = host.facts.kvm.pvr ? host.facts.kvm.pvr : host.facts.system.cpuinfo_pvr;
  return pvr ? std::optional(pvr->value) : std::nullopt;
}

// AT_PLATFORM in the guest's Linux: its level, or the silicon of a raw guest.
std::optional<std::string> platform_of(compat::Target level, const compat::AssessedHost &host) {
  const auto shown = level.is_raw() ? host.capabilities.silicon : level.level();
  return shown ? std::optional(std::string(shown->name())) : std::nullopt;
}

std::optional<Judgement> wrong_guest(compat::Target level, const Observation &observed, Guest guest,
                                     const compat::AssessedHost &host) {
  const Seen seen = observed.seen.value_or(Seen{});
  const auto expected = cpu_version_of(level, host);
  if (!seen.cpu_version) return surprise(Fact::kGuest, "the guest did not report its level");
  if (seen.cpu_version != expected)
    return surprise(Fact::kGuest, "the guest sees cpu-version " + hex32(*seen.cpu_version) + ", not " +
                                      (expected ? hex32(*expected) : std::string("the silicon's")));
  if (host.facts.kvm.pvr && seen.pvr != host.facts.kvm.pvr)
    return surprise(Fact::kGuest, "the guest's physical PVR differs from its host's");
  if (guest == Guest::kLinux && seen.platform != platform_of(level, host))
    return surprise(Fact::kGuest, "the guest's Linux reports AT_PLATFORM " + seen.platform.value_or("nothing"));
  return std::nullopt;
}

Judgement judge_poisoned(const std::optional<Run> &run) {
  if (run && run->outcome == RunOutcome::kLevelRefused)
    return refused("the kernel marks the level as invalid, and KVM_RUN refuses it");
  return surprise(Fact::kRun, "the kernel marks the level as invalid, but KVM_RUN does not refuse it");
}

// The judgement when a Linux did not get the cell's level. A kernel that does not list the level may run at a lower
// one.
std::optional<Judgement> judge_negotiation(const CellId &id, const Observation &observed,
                                           const compat::AssessedHost &host) {
  const auto &negotiated = observed.negotiated;
  if (!negotiated) return surprise(Fact::kGuest, "the guest's Linux did not negotiate");
  if (negotiated->level == id.target) return std::nullopt;
  const std::string outcome =
      negotiated->level ? "got " + compat::short_name(*negotiated->level) : "agreed on no level";
  if (negotiated->listed)
    return surprise(Fact::kSet, "the guest's kernel lists the level, but " + outcome +
                                    (negotiated->problem.empty() ? "" : ": " + negotiated->problem));
  if (negotiated->level) {
    if (auto wrong = wrong_guest(*negotiated->level, observed, id.guest, host)) return wrong;
  }
  return refused("by the guest's own kernel, which lists " + negotiated->guest_list + " and " + outcome);
}

// The kernel has accepted the level, and --force may have overruled the policy.
Judgement judge_taken(const CellId &id, const Observation &observed, const compat::AssessedHost &host) {
  if (!observed.run) return surprise(Fact::kRun, "the level was accepted, but the guest was not run");
  const bool legal = observed.policy.legal;
  // PowerVM refuses the first entry when a kernel without the check has accepted the level.
  if (observed.run->outcome == RunOutcome::kLevelRefused && !legal)
    return refused("the kernel accepts the level, but refuses to enter the guest: " + described_run(*observed.run));
  if (observed.run->outcome != RunOutcome::kEnded) return surprise(Fact::kRun, described_run(*observed.run));
  if (id.guest == Guest::kLinux) {
    if (auto differs = judge_negotiation(id, observed, host)) return *differs;
  }
  if (auto wrong = wrong_guest(id.target, observed, id.guest, host)) return *wrong;
  if (!legal) return refused("only by Parley's policy: the kernel accepts the level, and the guest runs");
  return {Verdict::kWorks, "the guest ran at this level and saw it", std::nullopt};
}

}  // namespace

// A legal level is credited to the last rule that passed it.
Policy policy_of(const compat::Attempt &attempt) {
  const auto last_first = attempt.steps | std::views::reverse;
  const auto passed = std::ranges::find(last_first, compat::Verdict::kPasses,
                                        [](const compat::Step &step) { return step.finding.verdict; });
  const compat::Step &step = attempt.legal() && passed != last_first.end() ? *passed : attempt.steps.back();
  return {attempt.legal(), std::string(step.rule->name), step.finding.evidence};
}

std::optional<std::string> cannot_be_tried(const CellId &id, const compat::AssessedHost &host) {
  const auto level = id.target.level();
  if (id.guest != Guest::kLinux || compat::has_radix(id.target) || compat::offers_hash(host)) return std::nullopt;
  return "a Linux at " + std::string(level->name()) + " has only the hash MMU, but guests here have only radix";
}

Judgement judge(const CellId &id, const Observation &observed, const compat::AssessedHost &host) {
  if (!observed.set && !observed.run) {
    if (!observed.policy.legal && !id.forced) return refused("by Parley's policy: " + observed.policy.rule);
    return {Verdict::kNotApplicable, cannot_be_tried(id, host).value_or("it was not tried"), std::nullopt};
  }
  // The machine could not be built.
  if (!observed.set) return surprise(Fact::kRun, described_run(*observed.run));
  const Prediction prediction = predict(id.target, host);
  const TrialOutcome outcome = observed.set->outcome;
  if (std::ranges::find(prediction.outcomes, outcome) == prediction.outcomes.end()) {
    const bool set = observed.set->error == 0;
    return surprise(set && outcome != TrialOutcome::kTaken ? Fact::kReadback : Fact::kSet,
                    "the kernel's answer is " + describe(*observed.set) + "; but " + std::string(prediction.sentence));
  }
  if (outcome == TrialOutcome::kTaken) return judge_taken(id, observed, host);
  if (outcome == TrialOutcome::kPoisoned) return judge_poisoned(observed.run);
  return refused("by the kernel: " + std::string(prediction.sentence));
}

}  // namespace parley::matrix
