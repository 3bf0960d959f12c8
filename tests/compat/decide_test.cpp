// SPDX-License-Identifier: Apache-2.0
#include "parley/compat/decide.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/hosts.hpp"

namespace parley::compat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

AssessedHost host_of(host::Facts facts) {
  auto capabilities = host::assess(facts);
  return {std::move(facts), std::move(capabilities)};
}

AssessedHost reference_host() { return host_of(parley::testing::tree_only("power11-as-power10")); }

Wish wish_for(std::string_view text) { return {parse_wish(text).value(), false, false}; }

std::string_view refusing_rule(const Attempt &attempt) {
  return attempt.legal() ? "none" : attempt.steps.back().rule->name;
}

std::string_view rule_against(std::string_view text, const AssessedHost &host) {
  const auto decision = decide(wish_for(text), host);
  return decision ? "none" : refusing_rule(decision.error().trail.front());
}

TEST(Decide, ChoosesTheHostsLevelByDefault) {
  const auto decision = decide(Wish{}, reference_host());
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->chosen, Target::of(level("power10")));
  EXPECT_THAT(decision->next, IsEmpty());
  EXPECT_THAT(decision->trail, SizeIs(1));
}

TEST(Decide, RefusesTheSiliconsLevelOnALimitedPartition) {
  EXPECT_EQ(rule_against("power11", reference_host()), "not-above-host");
}

TEST(Decide, NamesTheRuleOfEachRefusal) {
  const AssessedHost host = reference_host();
  EXPECT_EQ(rule_against("power8", host), "nested-floor");
  EXPECT_EQ(rule_against("0x0f000008", host), "known-level");
  EXPECT_EQ(rule_against("0xffffffff", host), "known-level");
  EXPECT_EQ(rule_against("0x0f000001", host), "known-level");
  EXPECT_EQ(rule_against("0x00821200", host), "known-level");
  EXPECT_EQ(rule_against("power9", host), "none");
  EXPECT_EQ(rule_against("host", host), "none");
}

TEST(Decide, AllowsRawOnlyWhereTheSiliconIsAtTheHostsLevel) {
  host::Facts limited = parley::testing::tree_only("power11-as-power10");
  limited.kvm.pvr = PhysicalPvr{0x00821200};
  EXPECT_EQ(rule_against("raw", host_of(limited)), "raw-is-honest");
  host::Facts full = parley::testing::tree_only("power11");
  full.kvm.pvr = PhysicalPvr{0x00821200};
  EXPECT_EQ(rule_against("raw", host_of(full)), "none");
  EXPECT_EQ(rule_against("raw", host_of(parley::testing::tree_only("powernv-power10"))), "none");
}

TEST(Decide, RefusesRawOnSiliconNewerThanAllKnown) {
  host::Facts facts = parley::testing::tree_only("power11");
  facts.system.base_platform = "power12";
  EXPECT_EQ(rule_against("raw", host_of(facts)), "raw-is-honest");
}

TEST(Decide, RefusesRawWhereTheKernelIsBelowTheSilicon) {
  host::Facts facts = parley::testing::tree_only("powernv-power11");
  facts.kvm.pvr = PhysicalPvr{0x00821200};
  facts.system.platform = "power10";
  EXPECT_EQ(rule_against("raw", host_of(facts)), "raw-is-honest");
}

TEST(Decide, RefusesRawOnBareMetalNewerThanAllKnown) {
  host::Facts facts = parley::testing::tree_only("powernv-power11");
  facts.tree.cpus.clear();
  facts.kvm.pvr = PhysicalPvr{0x00830100};
  facts.system.platform = "power11";
  EXPECT_EQ(rule_against("raw", host_of(facts)), "raw-is-honest");
  EXPECT_EQ(rule_against("power11", host_of(facts)), "none");
}

TEST(Decide, DoesNotForceALevelThatTheWishDoesNotName) {
  for (const char *wish : {"auto", "host"}) {
    for (const bool fallback : {false, true}) {
      const auto decision = decide({parse_wish(wish).value(), fallback, true}, host_of(parley::testing::partition({})));
      ASSERT_FALSE(decision) << wish;
      EXPECT_FALSE(decision.error().named);
    }
  }
}

TEST(Decide, DoesNotTreatAFailedTrialAsARefusal) {
  host::Facts facts = parley::testing::tree_only("power10");
  facts.kvm.access = host::KvmAccess::kHv;
  facts.kvm.trials = {{level("power9").pvr(), host::TrialOutcome::kOther, 5, std::nullopt}};
  EXPECT_EQ(rule_against("power9", host_of(facts)), "none");
}

TEST(Decide, RefusesRawOnUnknownSilicon) { EXPECT_EQ(rule_against("raw", reference_host()), "raw-is-honest"); }

TEST(Decide, AllowsPower8OnBareMetal) {
  EXPECT_EQ(rule_against("power8", host_of(parley::testing::tree_only("powernv-power9"))), "none");
}

TEST(Decide, RefusesEverythingOnAHostOfUnknownLevel) {
  const AssessedHost host = host_of(parley::testing::partition({}));
  EXPECT_EQ(rule_against("power9", host), "host-level-known");
  EXPECT_EQ(rule_against("raw", host), "host-level-known");
  EXPECT_EQ(rule_against("auto", host), "host-level-known");
}

TEST(Decide, RefusesEverythingWithoutKvm) {
  host::Facts facts = parley::testing::tree_only("power10");
  facts.kvm.access = host::KvmAccess::kAbsent;
  EXPECT_EQ(rule_against("power10", host_of(facts)), "kvm-present");
}

TEST(Decide, RefusesKvmPr) {
  host::Facts facts = parley::testing::tree_only("powernv-power10");
  facts.kvm.access = host::KvmAccess::kPr;
  EXPECT_EQ(rule_against("power9", host_of(facts)), "register-present");
  EXPECT_EQ(rule_against("raw", host_of(facts)), "register-present");
}

TEST(Decide, TakesTheFirstLegalOfAListAndKeepsTheRestForTheKernel) {
  const auto decision = decide(wish_for("power11,power10,power9"), reference_host());
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->chosen, Target::of(level("power10")));
  EXPECT_THAT(decision->next, ElementsAre(Target::of(level("power9"))));
  EXPECT_EQ(refusing_rule(decision->trail.front()), "not-above-host");
}

TEST(Decide, FallsBackDownwardsOnly) {
  Wish wish = wish_for("power9");
  wish.fallback = true;
  const auto decision = decide(wish, reference_host());
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->chosen, Target::of(level("power9")));
  EXPECT_THAT(decision->next, IsEmpty());
}

TEST(Decide, FallsBackFromAnIllegalLevelToTheHighestLegalOne) {
  Wish wish = wish_for("power11");
  wish.fallback = true;
  const auto decision = decide(wish, reference_host());
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->chosen, Target::of(level("power10")));
  EXPECT_THAT(decision->next, ElementsAre(Target::of(level("power9"))));
  EXPECT_FALSE(decision->forced);
}

TEST(Decide, KeepsAForcedLevelAndItsRefusal) {
  Wish wish = wish_for("power11");
  wish.force = true;
  const auto decision = decide(wish, reference_host());
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->chosen, Target::of(level("power11")));
  EXPECT_TRUE(decision->forced);
  EXPECT_EQ(refusing_rule(decision->trail.front()), "not-above-host");
}

TEST(Decide, DoesNotCallALegalLevelForced) {
  Wish wish = wish_for("power10");
  wish.force = true;
  EXPECT_FALSE(decide(wish, reference_host())->forced);
}

TEST(Decide, BelievesTheKernelsNo) {
  host::Facts facts = parley::testing::tree_only("power10");
  facts.kvm.access = host::KvmAccess::kHv;
  facts.kvm.trials = {{level("power9").pvr(), host::TrialOutcome::kRefused, 22, LogicalPvr{0}}};
  EXPECT_EQ(rule_against("power9", host_of(facts)), "taken-by-kernel");
  EXPECT_EQ(rule_against("power10", host_of(facts)), "none");
}

TEST(Decide, DoesNotBelieveTheKernelsYes) {
  host::Facts facts = parley::testing::tree_only("power11-as-power10");
  facts.kvm.access = host::KvmAccess::kHv;
  facts.kvm.trials = {{level("power11").pvr(), host::TrialOutcome::kTaken, 0, level("power11").pvr()}};
  EXPECT_EQ(rule_against("power11", host_of(facts)), "not-above-host");
}

TEST(Decide, BelievesTheHypervisorsGrants) {
  host::Facts facts = parley::testing::tree_only("power11");
  facts.kvm.access = host::KvmAccess::kHv;
  facts.kvm.compat_caps = host::CompatCaps{0, host::kCompatCapPower10 | host::kCompatCapPower11};
  EXPECT_EQ(rule_against("power9", host_of(facts)), "granted-by-hypervisor");
  EXPECT_EQ(rule_against("power10", host_of(facts)), "none");
}

TEST(Decide, ExplainsWhyTheHypervisorsGrantsAreUnknown) {
  host::Facts facts = parley::testing::tree_only("power11");
  const auto evidence = [&] {
    const Attempt attempt = judge(Target::of(level("power10")), host_of(facts));
    return std::ranges::find(attempt.steps, "granted-by-hypervisor", [](const Step &step) { return step.rule->name; })
        ->finding.evidence;
  };
  EXPECT_EQ(evidence(), "KVM was not asked");
  facts.kvm.access = host::KvmAccess::kHv;
  EXPECT_THAT(evidence(), HasSubstr("this kernel has no KVM_PPC_GET_COMPAT_CAPS"));
  facts.kvm.compat_caps = host::CompatCaps{25, 0};
  EXPECT_THAT(evidence(), HasSubstr("failed with ENOTTY"));
}

TEST(Decide, DoesNotRefuseLowerLevelsWhenOnlyTheHighestGrantIsSet) {
  host::Facts facts = parley::testing::tree_only("power11");
  facts.kvm.access = host::KvmAccess::kHv;
  facts.kvm.compat_caps = host::CompatCaps{0, host::kCompatCapPower11};
  EXPECT_EQ(rule_against("power9", host_of(facts)), "none");
  facts.kvm.compat_caps = host::CompatCaps{0, host::kCompatCapPower9};
  EXPECT_EQ(rule_against("power10", host_of(facts)), "granted-by-hypervisor");
}

}  // namespace
}  // namespace parley::compat
