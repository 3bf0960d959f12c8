// SPDX-License-Identifier: Apache-2.0
#include "parley/compat/mmu.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/hosts.hpp"

namespace parley::compat {
namespace {

AssessedHost host_named(const std::string &name, MmuWish mmu = MmuWish::kAuto) {
  host::Facts facts = parley::testing::tree_only(name);
  const bool bare_metal = name.starts_with("powernv");
  facts.kvm.access = host::KvmAccess::kHv;
  facts.kvm.capabilities = {{"KVM_CAP_PPC_MMU_RADIX", 1}, {"KVM_CAP_PPC_MMU_HASH_V3", bare_metal ? 1 : 0}};
  auto capabilities = host::assess(facts);
  return {std::move(facts), std::move(capabilities), mmu};
}

// "radix", "hash", "either", or the evidence of a refusal by mmu-offered.
std::string outcome(std::string_view level, const AssessedHost &host) {
  const auto decision = decide({parse_wish(level).value(), false, false}, host);
  if (!decision) {
    const Step &step = decision.error().trail.front().steps.back();
    return step.rule->name == "mmu-offered" ? step.finding.evidence : std::string(step.rule->name);
  }
  const Platform platform = platform_for(decision->chosen, host);
  return platform.radix ? platform.hash ? "either" : "radix" : "hash";
}

TEST(Mmu, IsTheGuestsChoiceOnBareMetalWhereItsLevelHasBoth) {
  const AssessedHost host = host_named("powernv-power10");
  EXPECT_EQ(outcome("auto", host), "either");
  EXPECT_EQ(outcome("power9", host), "either");
  EXPECT_EQ(outcome("power8", host), "hash");
  EXPECT_EQ(outcome("power6", host), "hash");
}

TEST(Mmu, IsTheRequestedOneOnBareMetal) {
  EXPECT_EQ(outcome("auto", host_named("powernv-power10", MmuWish::kHash)), "hash");
  EXPECT_EQ(outcome("power8", host_named("powernv-power10", MmuWish::kHash)), "hash");
  EXPECT_EQ(outcome("auto", host_named("powernv-power10", MmuWish::kRadix)), "radix");
  EXPECT_EQ(outcome("power8", host_named("powernv-power10", MmuWish::kRadix)),
            "radix was requested, and power8 has only the hash MMU");
}

TEST(Mmu, IsRadixInAPartition) {
  EXPECT_EQ(outcome("auto", host_named("power11-as-power10")), "radix");
  EXPECT_EQ(outcome("auto", host_named("power11-as-power10", MmuWish::kRadix)), "radix");
  EXPECT_EQ(outcome("power8", host_named("power11-as-power10")), "nested-floor");
  EXPECT_EQ(outcome("auto", host_named("power11-as-power10", MmuWish::kHash)),
            "hash was requested, and guests of a partition are radix-only");
}

TEST(Mmu, IsRefusedIfTheBareMetalHostLacksIt) {
  AssessedHost host = host_named("powernv-power9");
  host.facts.kvm.capabilities["KVM_CAP_PPC_MMU_HASH_V3"] = 0;
  EXPECT_EQ(outcome("auto", host), "radix");
  EXPECT_EQ(outcome("power8", host), "power8 has only the hash MMU, and KVM_CAP_PPC_MMU_HASH_V3 is 0");
  host.mmu = MmuWish::kHash;
  EXPECT_EQ(outcome("auto", host), "hash was requested, and KVM_CAP_PPC_MMU_HASH_V3 is 0");
}

TEST(Mmu, IsHashOnABareMetalHostThatRunsWithoutRadix) {
  AssessedHost host = host_named("powernv-power9");
  host.facts.kvm.capabilities["KVM_CAP_PPC_MMU_RADIX"] = 0;
  EXPECT_EQ(outcome("auto", host), "hash");
  host.mmu = MmuWish::kRadix;
  EXPECT_EQ(outcome("auto", host), "radix was requested, and KVM_CAP_PPC_MMU_RADIX is 0");
}

TEST(Mmu, OfAForcedGuestIsTheRequestedOneOrRadix) {
  const AssessedHost host = host_named("power10");
  EXPECT_EQ(platform_for(Target::of(level("power8")), host), Platform{});
  const Platform hash = platform_for(Target::of(level("power8")), host_named("power10", MmuWish::kHash));
  EXPECT_EQ(hash, (Platform{.radix = false, .hash = true}));
}

TEST(Mmu, AtTheStartIsRadixWhereTheLevelHasIt) {
  const Platform either{.radix = true, .hash = true};
  EXPECT_EQ(first_translation(either, Target::of(level("power9"))), Translation::kRadix);
  EXPECT_EQ(first_translation(either, Target::raw()), Translation::kRadix);
  EXPECT_EQ(first_translation(either, Target::of(level("power8"))), Translation::kHash);
  EXPECT_EQ(first_translation({}, Target::of(level("power8"))), Translation::kRadix) << "forced";
  EXPECT_EQ(first_translation({.radix = false, .hash = true}, Target::of(level("power10"))), Translation::kHash);
}

}  // namespace
}  // namespace parley::compat
