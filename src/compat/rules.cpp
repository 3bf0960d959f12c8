// SPDX-License-Identifier: Apache-2.0
//
// The rules of the policy, in order of evaluation.
//
// The order goes from general to specific. The first rules need only Parley's own table of levels. The next ones
// compare the level with the host, whose level and kind assess() has found. The last two use the answers of the
// hypervisor and of the kernel, where this kernel can give them. The first rule that refuses ends the evaluation, so
// each refusal names the most general reason.
//
// A rule has three answers. "Not asked" means that the rule has no evidence, for example because the facts come from a
// file. It refuses nothing. Each answer carries its evidence as text: `parley check` prints it, and an error message
// quotes it. Names of rules are stable (docs/inspect.md).
#include <algorithm>
#include <array>
#include <utility>

#include "parley/base/failure.hpp"
#include "parley/base/text.hpp"
#include "parley/compat/decide.hpp"
#include "parley/compat/mmu.hpp"

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
  if (target.pvr == kInvalidLogicalPvr) return refused(text + " marks an invalid arch_compat");
  if (is_newer_than_known(target.pvr))
    return refused(text + " is newer than " + describe(Level::highest()) +
                   ", the highest level that this program knows");
  if (!is_logical(target.pvr.value)) return refused(text + " is not a logical PVR: its first byte is not 0x0f");
  return refused(text + " is a logical PVR, but KVM knows no such level");
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

// A raw guest takes its level from the physical PVR. On a host below its silicon's level, the guest would see a higher
// level than its host has.
Finding raw_is_honest(Target target, const AssessedHost &host) {
  if (!target.is_raw()) return passes("a level is set");
  const auto &[level, silicon] = std::pair(host.capabilities.level, host.capabilities.silicon);
  if (silicon == level) return passes("the silicon is " + std::string(level->name()) + " as well");
  return refused("the host has " + describe(*level) + ", its silicon is " +
                 (silicon ? std::string(silicon->name()) : "of unknown level") + ": a raw guest would see the silicon");
}

Finding not_above_host(Target target, const AssessedHost &host) {
  const auto level = target.level();
  if (!level) return passes("raw sets no level");
  const std::string evidence = "requested " + describe(*level) + ", the host has " +
                               describe(*host.capabilities.level) + " by " + host.capabilities.level_reason;
  return *level <= *host.capabilities.level ? passes(evidence) : refused(evidence);
}

// What the user requests, or else what the level needs. In a partition, nested_floor judges the levels.
Finding mmu_offered(Target target, const AssessedHost &host) {
  const bool hash = offers_hash(host);
  const std::string no_hash =
      host.capabilities.nested() ? "guests of a partition are radix-only" : "KVM_CAP_PPC_MMU_HASH_V3 is 0";
  if (host.capabilities.kvm == KvmKind::kNotAsked) return not_asked("KVM was not asked");
  if (host.mmu == MmuWish::kHash)
    return hash ? passes("hash was requested") : refused("hash was requested, and " + no_hash);
  if (host.mmu == MmuWish::kRadix && !has_radix(target))
    return refused("radix was requested, and " + short_name(target) + " has only the hash MMU");
  if (host.mmu == MmuWish::kRadix)
    return offers_radix(host) ? passes("radix was requested")
                              : refused("radix was requested, and KVM_CAP_PPC_MMU_RADIX is 0");
  if (host.capabilities.nested() || has_radix(target) || hash) return passes("no MMU was requested");
  return refused(short_name(target) + " has only the hash MMU, and " + no_hash);
}

// KVM in a partition runs only radix guests (CONFIGURE_V3_MMU without radix gives EINVAL), and radix came with POWER9.
// Nested API v1 still accepts power8, but a guest at that level cannot boot. API v2 refuses it.
Finding nested_floor(Target target, const AssessedHost &host) {
  const auto level = target.level();
  if (!host.capabilities.nested()) return passes("the host is not a partition");
  if (!level) return passes("raw sets no level");
  const std::string evidence = "guests of a partition are radix-only, and " + std::string(level->name());
  return has_radix(target) ? passes(evidence + " has radix") : refused(evidence + " has only the hash MMU");
}

Finding granted_by_hypervisor(Target target, const AssessedHost &host) {
  const auto level = target.level();
  const auto &caps = host.facts.kvm.compat_caps;
  if (host.capabilities.kvm == KvmKind::kNotAsked) return not_asked("KVM was not asked");
  if (!caps) return not_asked("this kernel has no KVM_PPC_GET_COMPAT_CAPS (added in Linux 7.3)");
  if (caps->error != 0) return not_asked("KVM_PPC_GET_COMPAT_CAPS failed with " + errno_text(caps->error));
  const std::uint64_t bit = level ? host::compat_cap_of(*level) : 0;
  if (bit == 0) return not_asked("KVM_PPC_GET_COMPAT_CAPS does not cover " + short_name(target));
  const std::string evidence = "KVM_PPC_GET_COMPAT_CAPS says " + hex64(caps->bits);
  if (caps->bits & bit) return passes(evidence);
  // Drafts of the call set only the bit of the highest level (lower levels have higher bits).
  const bool only_a_higher_level = caps->bits != 0 && (caps->bits & (caps->bits - 1)) == 0 && caps->bits < bit;
  return only_a_higher_level ? not_asked(evidence + ", which marks only the highest level") : refused(evidence);
}

Finding taken_by_kernel(Target target, const AssessedHost &host) {
  const auto &trials = host.facts.kvm.trials;
  const auto trial = std::ranges::find(trials, target.pvr, &host::LevelTrial::asked);
  if (trial == trials.end()) return not_asked("the kernel was not asked");
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
  return not_asked(evidence + ": neither accepted nor refused");
}

constexpr std::array kRules{
    Rule{"kvm-present", "KVM runs POWER guests here", kvm_present},
    Rule{"known-level", "the level is known to this program", known_level},
    Rule{"register-present", "KVM has a register for the level", register_present},
    Rule{"host-level-known", "the host's own level is known", host_level_known},
    Rule{"raw-is-honest", "raw shows no level above the host's", raw_is_honest},
    Rule{"not-above-host", "the level is not above the host's", not_above_host},
    Rule{"mmu-offered", "the host has the requested MMU, or that of the level", mmu_offered},
    Rule{"nested-floor", "the level has radix, if the host is a partition", nested_floor},
    Rule{"granted-by-hypervisor", "the hypervisor grants the level", granted_by_hypervisor},
    Rule{"taken-by-kernel", "the kernel accepts the level", taken_by_kernel},
};

}  // namespace

std::span<const Rule> rules() { return kRules; }

bool offers_radix(const AssessedHost &host) {
  return host.capabilities.nested() || host.capabilities.kvm == KvmKind::kNotAsked ||
         host.facts.kvm.capability("KVM_CAP_PPC_MMU_RADIX") != 0;
}

bool offers_hash(const AssessedHost &host) {
  return !host.capabilities.nested() && host.facts.kvm.capability("KVM_CAP_PPC_MMU_HASH_V3") != 0;
}

}  // namespace parley::compat
