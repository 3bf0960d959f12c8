// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <ranges>

#include "parley/base/text.hpp"
#include "parley/matrix/cell.hpp"

namespace parley::matrix {
namespace {

using host::TrialOutcome;

Judgement surprise(Fact fact, std::string reason) { return {Verdict::kSurprise, std::move(reason), fact}; }
Judgement refused(std::string reason) { return {Verdict::kRefused, std::move(reason), std::nullopt}; }

std::string described_run(const Run &run) {
  return run.evidence + (run.failure.empty() ? "" : " (" + run.failure + ")");
}

// What stands in the guest's tree: its level, or for a raw one the silicon.
std::optional<std::uint32_t> cpu_version_of(compat::Target level, const compat::AssessedHost &host) {
  if (!level.is_raw()) return level.pvr.value;
  const auto pvr = host.facts.kvm.pvr ? host.facts.kvm.pvr : host.facts.system.cpuinfo_pvr;
  return pvr ? std::optional(pvr->value) : std::nullopt;
}

// What Linux tells its programs: the level, of a raw guest the silicon.
std::optional<std::string> platform_of(compat::Target level, const compat::AssessedHost &host) {
  const auto shown = level.is_raw() ? host.capabilities.silicon : level.level();
  return shown ? std::optional(std::string(shown->name())) : std::nullopt;
}

std::optional<Judgement> wrong_guest(compat::Target level, const Observation &observed, Guest guest,
                                     const compat::AssessedHost &host) {
  const Seen seen = observed.seen.value_or(Seen{});
  const auto expected = cpu_version_of(level, host);
  if (!seen.cpu_version) return surprise(Fact::kGuest, "the guest did not say which level it sees");
  if (seen.cpu_version != expected)
    return surprise(Fact::kGuest, "the guest sees cpu-version " + hex32(*seen.cpu_version) + ", not " +
                                      (expected ? hex32(*expected) : std::string("the silicon's")));
  if (host.facts.kvm.pvr && seen.pvr != host.facts.kvm.pvr)
    return surprise(Fact::kGuest, "the guest reads another physical PVR than its host");
  if (guest == Guest::kLinux && seen.platform != platform_of(level, host))
    return surprise(Fact::kGuest, "the guest's Linux takes itself for " + seen.platform.value_or("nothing"));
  return std::nullopt;
}

Judgement judge_poisoned(const std::optional<Run> &run) {
  if (run && run->outcome == RunOutcome::kLevelRefused)
    return refused("the kernel marks the level as invalid, and KVM_RUN refuses it");
  return surprise(Fact::kRun, "the kernel marks the level as invalid, and KVM_RUN does not refuse it");
}

// What a Linux agreed to that is not the cell's level. One that does not know the level is content with less.
std::optional<Judgement> judge_negotiation(const CellId &id, const Observation &observed,
                                           const compat::AssessedHost &host) {
  const auto &negotiated = observed.negotiated;
  if (!negotiated) return surprise(Fact::kGuest, "the guest's Linux did not negotiate");
  if (negotiated->level == id.target) return std::nullopt;
  const std::string outcome =
      negotiated->level ? "got " + compat::short_name(*negotiated->level) : "agreed upon nothing";
  if (negotiated->listed)
    return surprise(Fact::kSet, "the guest's kernel lists the level, and " + outcome +
                                    (negotiated->problem.empty() ? "" : ": " + negotiated->problem));
  if (negotiated->level) {
    if (auto wrong = wrong_guest(*negotiated->level, observed, id.guest, host)) return wrong;
  }
  return refused("by the guest's own kernel, which lists " + negotiated->guest_list + " and " + outcome);
}

// The kernel holds the level. Parley's policy may have been told not to matter.
Judgement judge_taken(const CellId &id, const Observation &observed, const compat::AssessedHost &host) {
  if (!observed.run) return surprise(Fact::kRun, "the level was taken, and the guest was not run");
  const bool legal = observed.policy.legal;
  // PowerVM refuses at the first entry what a kernel without the check has taken.
  if (observed.run->outcome == RunOutcome::kLevelRefused && !legal)
    return refused("the kernel takes it, and the entry is refused: " + described_run(*observed.run));
  if (observed.run->outcome != RunOutcome::kEnded) return surprise(Fact::kRun, described_run(*observed.run));
  if (id.guest == Guest::kLinux) {
    if (auto apart = judge_negotiation(id, observed, host)) return *apart;
  }
  if (auto wrong = wrong_guest(id.target, observed, id.guest, host)) return *wrong;
  if (!legal) return refused("by Parley's policy alone: the kernel takes it, and the guest runs");
  return {Verdict::kWorks, "the guest ran at this level and saw it", std::nullopt};
}

}  // namespace

// What a legal level owes its legality to is the last rule that had something to say.
Policy policy_of(const compat::Attempt &attempt) {
  const auto last_first = attempt.steps | std::views::reverse;
  const auto passed = std::ranges::find(last_first, compat::Verdict::kPasses,
                                        [](const compat::Step &step) { return step.finding.verdict; });
  const compat::Step &step = attempt.legal() && passed != last_first.end() ? *passed : attempt.steps.back();
  return {attempt.legal(), std::string(step.rule->name), step.finding.evidence};
}

std::optional<std::string> cannot_be_tried(const CellId &id) {
  const auto level = id.target.level();
  if (id.guest != Guest::kLinux || !level || level->info().mmu != Mmu::kHashOnly) return std::nullopt;
  return "a Linux at " + std::string(level->name()) + " knows the hash MMU only, and Parley's guests have radix only";
}

Judgement judge(const CellId &id, const Observation &observed, const compat::AssessedHost &host) {
  if (!observed.set && !observed.run) {
    if (!observed.policy.legal && !id.forced) return refused("by Parley's policy: " + observed.policy.rule);
    return {Verdict::kNotApplicable, cannot_be_tried(id).value_or("it was not tried"), std::nullopt};
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
