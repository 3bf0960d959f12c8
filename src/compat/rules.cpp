// SPDX-License-Identifier: Apache-2.0
//
// The rules, in the order in which they are asked: from what can be said on any machine to what only this kernel knows.
#include <algorithm>
#include <array>
#include <utility>

#include "parley/base/failure.hpp"
#include "parley/base/text.hpp"
#include "parley/compat/decide.hpp"

namespace parley::compat {
namespace {

using host::KvmKind;

Finding passes(std::string evidence) { return {Verdict::kPasses, std::move(evidence)}; }
Finding refused(std::string evidence) { return {Verdict::kRefused, std::move(evidence)}; }
Finding not_asked(std::string evidence) { return {Verdict::kNotAsked, std::move(evidence)}; }

Finding kvm_present(Target, const AssessedHost &host) {
  const std::string evidence = describe_kind(host.capabilities) + ": " + host.capabilities.kind_reason;
  if (host.capabilities.kvm == KvmKind::kNone) return refused(evidence);
  return host.capabilities.kvm == KvmKind::kNotAsked ? not_asked(evidence) : passes(evidence);
}

Finding known_level(Target target, const AssessedHost &) {
  if (target.is_raw()) return passes("raw sets no level");
  if (const auto level = target.level()) return passes(describe(*level) + ", ISA " + std::string(level->info().isa));
  const std::string text = hex32(target.pvr.value);
  if (target.pvr == kInvalidLogicalPvr) return refused(text + " is the mark of an invalid arch_compat");
  if (is_newer_than_known(target.pvr))
    return refused(text + " is newer than " + describe(Level::highest()) +
                   ", the highest level that this program knows");
  if (!is_logical(target.pvr.value)) return refused(text + " is no logical PVR: its first byte is not 0x0f");
  return refused(text + " is a logical PVR of no level that KVM knows");
}

Finding register_present(Target, const AssessedHost &host) {
  if (host.capabilities.kvm == KvmKind::kNotAsked) return not_asked("KVM was not asked");
  if (host.capabilities.kvm == KvmKind::kPr) return refused("KVM-PR has no arch_compat register");
  return passes("KVM-HV has the register");
}

Finding host_level_known(Target, const AssessedHost &host) {
  if (!host.capabilities.level) return refused(host.capabilities.level_reason);
  return passes(describe(*host.capabilities.level) + " by " + host.capabilities.level_reason);
}

// A raw guest takes its level from the physical PVR. Where the host is below its silicon it would see more than its
// host has.
Finding raw_is_honest(Target target, const AssessedHost &host) {
  if (!target.is_raw()) return passes("a level is set");
  const auto &[level, silicon] = std::pair(host.capabilities.level, host.capabilities.silicon);
  if (silicon == level) return passes("the silicon is " + std::string(level->name()) + " too");
  return refused("the host has " + describe(*level) + ", its silicon is " +
                 (silicon ? std::string(silicon->name()) : "of unknown level") + ": a raw guest would see the silicon");
}

Finding not_above_host(Target target, const AssessedHost &host) {
  const auto level = target.level();
  if (!level) return passes("raw is the host's own");
  const std::string evidence = "asked " + describe(*level) + ", the host has " + describe(*host.capabilities.level) +
                               " by " + host.capabilities.level_reason;
  return *level <= *host.capabilities.level ? passes(evidence) : refused(evidence);
}

// KVM in a partition runs radix guests only (CONFIGURE_V3_MMU without radix is EINVAL), and radix came with POWER9. v1
// takes power8 all the same, v2 does not; a guest that believes it could not boot.
Finding nested_floor(Target target, const AssessedHost &host) {
  const auto level = target.level();
  if (!host.capabilities.nested()) return passes("the host is no partition");
  if (!level) return passes("raw is the host's own");
  const std::string evidence = "guests of a partition are radix-only, and " + std::string(level->name());
  return level->info().mmu == Mmu::kHashOnly ? refused(evidence + " knows the hash MMU only")
                                             : passes(evidence + " has radix");
}

Finding granted_by_hypervisor(Target target, const AssessedHost &host) {
  const auto level = target.level();
  const auto &caps = host.facts.kvm.compat_caps;
  if (host.capabilities.kvm == KvmKind::kNotAsked) return not_asked("KVM was not asked");
  if (!caps) return not_asked("this kernel has no KVM_PPC_GET_COMPAT_CAPS (Linux 7.3 brings it)");
  if (caps->error != 0) return not_asked("KVM_PPC_GET_COMPAT_CAPS failed with " + errno_text(caps->error));
  const std::uint64_t bit = level ? host::compat_cap_of(*level) : 0;
  if (bit == 0) return not_asked("KVM_PPC_GET_COMPAT_CAPS does not speak of " + short_name(target));
  const std::string evidence = "KVM_PPC_GET_COMPAT_CAPS says " + hex64(caps->bits);
  if (caps->bits & bit) return passes(evidence);
  // Drafts of the call set the highest level's bit only (lower levels have higher bits).
  const bool only_a_higher_level = caps->bits != 0 && (caps->bits & (caps->bits - 1)) == 0 && caps->bits < bit;
  return only_a_higher_level ? not_asked(evidence + ", the highest level alone") : refused(evidence);
}

Finding taken_by_kernel(Target target, const AssessedHost &host) {
  const auto &trials = host.facts.kvm.trials;
  const auto trial = std::ranges::find(trials, target.pvr, &host::LevelTrial::asked);
  if (trial == trials.end()) return not_asked("the kernel was not asked yet");
  const std::string evidence = "KVM_SET_ONE_REG arch_compat " + describe(*trial);
  switch (trial->outcome) {
    case host::TrialOutcome::kTaken:
      return passes(evidence);
    case host::TrialOutcome::kPoisoned:
    case host::TrialOutcome::kRefused:
    case host::TrialOutcome::kNoRegister:
      return refused(evidence);
    case host::TrialOutcome::kStoredWithoutPapr:
    case host::TrialOutcome::kOther:
      break;
  }
  return not_asked(evidence + ": no answer to go by");
}

constexpr std::array kRules{
    Rule{"kvm-present", "KVM runs POWER guests here", kvm_present},
    Rule{"known-level", "it is a level that this program knows", known_level},
    Rule{"register-present", "KVM has a register for the level", register_present},
    Rule{"host-level-known", "the host's own level is known", host_level_known},
    Rule{"raw-is-honest", "raw shows no more than the host has", raw_is_honest},
    Rule{"not-above-host", "it is not above the host's level", not_above_host},
    Rule{"nested-floor", "a guest of a partition can use radix", nested_floor},
    Rule{"granted-by-hypervisor", "the hypervisor grants it", granted_by_hypervisor},
    Rule{"taken-by-kernel", "the kernel takes it", taken_by_kernel},
};

}  // namespace

std::span<const Rule> rules() { return kRules; }

}  // namespace parley::compat
