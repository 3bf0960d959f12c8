// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

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
std::optional<std::uint32_t> expected_cpu_version(compat::Target asked, const compat::Host &host) {
  if (!asked.is_raw()) return asked.pvr.value;
  const auto pvr = host.facts.kvm.pvr;
  return pvr ? std::optional(pvr->value) : std::nullopt;
}

std::optional<Judgement> wrong_guest(const Observation &observed, const compat::Host &host) {
  const Seen seen = observed.seen.value_or(Seen{});
  const auto expected = expected_cpu_version(observed.policy.target, host);
  if (!seen.cpu_version) return surprise(Fact::kGuest, "the guest did not say which level it sees");
  if (seen.cpu_version != expected)
    return surprise(Fact::kGuest, "the guest sees cpu-version " + hex32(*seen.cpu_version) + ", not " +
                                      (expected ? hex32(*expected) : std::string("the silicon's")));
  if (host.facts.kvm.pvr && seen.pvr != host.facts.kvm.pvr)
    return surprise(Fact::kGuest, "the guest reads another physical PVR than its host");
  return std::nullopt;
}

Judgement judge_poisoned(const std::optional<Run> &run) {
  if (run && run->outcome == RunOutcome::kLevelRefused)
    return refused("the kernel marks the level as invalid, and KVM_RUN refuses it");
  return surprise(Fact::kRun, "the kernel marks the level as invalid, and KVM_RUN does not refuse it");
}

// The kernel holds the level. Parley's policy may have been told not to matter.
Judgement judge_taken(const Observation &observed, const compat::Host &host) {
  if (!observed.run) return surprise(Fact::kRun, "the level was taken, and the guest was not run");
  const bool legal = observed.policy.legal();
  // PowerVM refuses at the first entry what a kernel without the check has taken.
  if (observed.run->outcome == RunOutcome::kLevelRefused && !legal)
    return refused("the kernel takes it, and the entry is refused: " + described_run(*observed.run));
  if (observed.run->outcome != RunOutcome::kEnded) return surprise(Fact::kRun, described_run(*observed.run));
  if (auto wrong = wrong_guest(observed, host)) return *wrong;
  if (!legal) return refused("by Parley's policy alone: the kernel takes it, and the guest runs");
  return {Verdict::kWorks, "the guest ran at this level and saw it", std::nullopt};
}

}  // namespace

Judgement judge(const Observation &observed, const compat::Host &host) {
  if (!observed.set && !observed.run) {
    if (observed.policy.legal()) return {Verdict::kNotApplicable, "it was not tried", std::nullopt};
    return refused("by Parley's policy: " + std::string(observed.policy.steps.back().rule->name));
  }
  // The machine could not be built.
  if (!observed.set) return surprise(Fact::kRun, described_run(*observed.run));
  const Prediction prediction = predict(observed.policy.target, host);
  const TrialOutcome outcome = observed.set->outcome;
  if (std::ranges::find(prediction.outcomes, outcome) == prediction.outcomes.end()) {
    const bool set = observed.set->error == 0;
    return surprise(set && outcome != TrialOutcome::kTaken ? Fact::kReadback : Fact::kSet,
                    "the kernel's answer is " + describe(*observed.set) + "; but " + std::string(prediction.sentence));
  }
  if (outcome == TrialOutcome::kTaken) return judge_taken(observed, host);
  if (outcome == TrialOutcome::kPoisoned) return judge_poisoned(observed.run);
  return refused("by the kernel: " + std::string(prediction.sentence));
}

std::string cell_prefix(const compat::Host &host) {
  const auto name = [](const std::optional<Level> &level) {
    return level ? std::string(level->name()) : std::string("unknown");
  };
  return "host." + name(host.capabilities.silicon) + ".compat." + name(host.capabilities.level);
}

std::string cell_id(const compat::Host &host, compat::Target asked, bool forced) {
  return cell_prefix(host) + ".guest." + compat::short_name(asked) + (forced ? ".forced" : "");
}

Seen read_builtin_guest(std::string_view console) {
  // "physical PVR: 0x00821200", "(cpu-version 0x0f000006)": src/guest/builtin.S
  const auto number_behind = [&](std::string_view words) -> std::optional<std::uint32_t> {
    const auto at = console.find(words);
    std::uint64_t number = 0;
    if (at == console.npos || !parse_number(console.substr(at + words.size(), 10), number)) return std::nullopt;
    return static_cast<std::uint32_t>(number);
  };
  Seen seen;
  seen.cpu_version = number_behind("cpu-version ");
  if (const auto pvr = number_behind("physical PVR: ")) seen.pvr = PhysicalPvr{*pvr};
  return seen;
}

bool as_expected(const Report &report) {
  return std::ranges::none_of(report.cells,
                              [](const Cell &cell) { return cell.judgement.verdict == Verdict::kSurprise; });
}

}  // namespace parley::matrix
