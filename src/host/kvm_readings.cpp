// SPDX-License-Identifier: Apache-2.0
#include "kvm_readings.hpp"

#include "parley/base/failure.hpp"
#include "parley/base/text.hpp"

namespace parley::host {
namespace {

// True where the kernel took or refused the level; false where the call failed for another reason.
bool is_answer(TrialOutcome outcome) {
  return outcome != TrialOutcome::kOther && outcome != TrialOutcome::kStoredWithoutPapr;
}

std::string outcome_text(const LevelTrial &trial) {
  switch (trial.outcome) {
    case TrialOutcome::kTaken:
      return "taken";
    case TrialOutcome::kRefused:
      return "refused";
    case TrialOutcome::kNoRegister:
      return "no such register";
    case TrialOutcome::kStoredWithoutPapr:
      return "stored, but the vCPU has no PAPR";
    case TrialOutcome::kPoisoned:
      return "refused, reads back " + hex32(kInvalidLogicalPvr.value);
    case TrialOutcome::kOther:
      break;
  }
  return describe(trial);
}

TrialReading read_trial(const LevelTrial &trial) {
  TrialReading reading;
  reading.level = Level::from_logical(trial.asked);
  reading.asked = trial.asked;
  reading.name = "KVM trial of " + std::string(reading.level ? reading.level->name() : hex32(trial.asked.value));
  reading.where = "KVM_SET_ONE_REG arch_compat";
  reading.says = outcome_text(trial);
  reading.trust = Trust::kCorroborating;
  reading.taken = trial.outcome == TrialOutcome::kTaken;
  reading.answer = is_answer(trial.outcome) ? Answer::kUsable : Answer::kUnreadable;
  if (reading.answer == Answer::kUnreadable) reading.problem = describe(trial);
  return reading;
}

}  // namespace

Reading read_kvm_capabilities(const KvmFacts &kvm) {
  Reading reading{.name = "KVM capabilities", .where = "KVM_CHECK_EXTENSION", .trust = Trust::kHint};
  std::vector<std::string> present;
  constexpr std::string_view kPrefix = "KVM_CAP_";
  for (const auto &[capability, value] : kvm.capabilities) {
    if (value == 0) continue;
    const bool prefixed = capability.starts_with(kPrefix);  // a saved report may contain any name
    present.push_back(capability.substr(prefixed ? kPrefix.size() : 0) +
                      (value > 1 ? "=" + std::to_string(value) : ""));
  }
  if (present.empty()) return reading;
  reading.says = join(present, " ");
  reading.answer = Answer::kUsable;
  return reading;
}

Reading read_compat_caps(const KvmFacts &kvm) {
  Reading reading{
      .name = "KVM compat capabilities", .where = "KVM_PPC_GET_COMPAT_CAPS", .trust = Trust::kCorroborating};
  if (!kvm.compat_caps) {
    if (kvm.access != KvmAccess::kNotAsked) reading.says = "not in this kernel";
    return reading;
  }
  if (kvm.compat_caps->error != 0) {
    reading.says = "failed: " + errno_name(kvm.compat_caps->error);
    reading.answer = Answer::kUnreadable;
    reading.problem = errno_text(kvm.compat_caps->error);
    return reading;
  }
  std::vector<std::string> granted;
  for (const Level candidate : Level::all()) {
    if ((kvm.compat_caps->bits & compat_cap_of(candidate)) == 0) continue;
    granted.emplace_back(candidate.name());
    reading.level = candidate;  // ascending: the last one is the highest
  }
  reading.says = granted.empty() ? "no level" : join(granted, ", ");
  reading.answer = Answer::kUsable;
  return reading;
}

std::vector<TrialReading> read_trials(const KvmFacts &kvm) {
  std::vector<TrialReading> readings;
  for (const LevelTrial &trial : kvm.trials) readings.push_back(read_trial(trial));
  return readings;
}

}  // namespace parley::host
