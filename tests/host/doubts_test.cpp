// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hosts.hpp"
#include "parley/host/capabilities.hpp"

namespace parley::host {
namespace {

using parley::testing::captured_host;
using parley::testing::cpu_node;
using parley::testing::source;
using parley::testing::tree_only;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Doubts, NameALevelAboveTheSilicon) {
  Facts facts = captured_host();
  facts.kvm.pvr = PhysicalPvr{0x004e1202};
  EXPECT_THAT(assess(facts).doubts, Contains(Field(&Doubt::id, "silicon-below-level")));
}

TEST(Doubts, NameAnUnknownPlatform) {
  Facts facts;
  facts.tree.cpus = {cpu_node({0x0f, 0, 0, 6})};
  EXPECT_THAT(assess(facts).doubts, Contains(Field(&Doubt::id, "platform-unknown")));
}

TEST(Doubts, NameAKernelThatAcceptsALevelAboveTheHosts) {
  Facts facts = captured_host();
  facts.kvm.trials = {{level("power11").pvr(), TrialOutcome::kTaken, 0, level("power11").pvr()}};
  const Capabilities host = assess(facts);
  EXPECT_EQ(host.level, level("power10"));
  ASSERT_THAT(host.doubts, ElementsAre(Field(&Doubt::id, "kvm-trial-disagrees")));
  EXPECT_THAT(host.doubts[0].sentence, HasSubstr("before Linux 7.2"));
}

TEST(Doubts, AreAbsentOnTheReferenceHost) { EXPECT_THAT(assess(captured_host()).doubts, IsEmpty()); }

TEST(Doubts, NameAFailedCallForTheGrants) {
  Facts facts = captured_host();
  facts.kvm.compat_caps = CompatCaps{25, 0};
  const Capabilities host = assess(facts);
  EXPECT_EQ(source(host, "KVM compat capabilities").says, "failed: ENOTTY");
  ASSERT_THAT(host.doubts, ElementsAre(Field(&Doubt::id, "compat-caps-unreadable")));
  EXPECT_THAT(host.doubts[0].sentence, HasSubstr("KVM_PPC_GET_COMPAT_CAPS failed with ENOTTY"));
}

TEST(Doubts, NameEachAbsentSourceOfALiveMachine) {
  const std::pair<const char *, void (*)(SystemFacts &)> cases[] = {
      {"AT_PLATFORM", [](SystemFacts &system) { system.platform.reset(); }},
      {"AT_BASE_PLATFORM", [](SystemFacts &system) { system.base_platform.reset(); }},
      {"AT_HWCAP2", [](SystemFacts &system) { system.hwcap2.reset(); }},
      {"cpuinfo cpu", [](SystemFacts &system) { system.cpuinfo_cpu.reset(); }},
      {"cpuinfo pvr", [](SystemFacts &system) { system.cpuinfo_pvr.reset(); }}};
  for (const auto &[name, remove] : cases) {
    Facts facts = captured_host();
    remove(facts.system);
    const Capabilities host = assess(facts);
    ASSERT_THAT(host.doubts, ElementsAre(Field(&Doubt::id, "source-silent"))) << name;
    EXPECT_THAT(host.doubts[0].sentence, HasSubstr(name));
  }
}

TEST(Doubts, NameAnUnreadableCpuinfoOnce) {
  Facts facts = captured_host();
  facts.system.cpuinfo_cpu.reset();
  facts.system.cpuinfo_pvr.reset();
  facts.system.cpuinfo_problem = "EACCES (Permission denied)";
  const Capabilities host = assess(facts);
  ASSERT_THAT(host.doubts, ElementsAre(Field(&Doubt::id, "cpuinfo-unreadable")));
  EXPECT_THAT(host.doubts[0].sentence, HasSubstr("EACCES"));
}

TEST(Doubts, NameASourceWithAnUnknownProcessor) {
  Facts facts = captured_host();
  facts.system.base_platform = "ppc970";
  EXPECT_THAT(assess(facts).doubts, ElementsAre(Field(&Doubt::id, "source-not-understood")));
  facts = captured_host();
  facts.kvm.pvr = PhysicalPvr{0x00830100};
  EXPECT_THAT(assess(facts).doubts, ElementsAre(Field(&Doubt::id, "source-not-understood")));
}

TEST(Doubts, NameATrialThatFailedForAnotherReason) {
  Facts facts = captured_host();
  facts.kvm.trials = {{level("power9").pvr(), TrialOutcome::kOther, 5, std::nullopt}};
  const Capabilities host = assess(facts);
  EXPECT_EQ(source(host, "KVM trial of power9").agreement, Agreement::kSilent);
  ASSERT_THAT(host.doubts, ElementsAre(Field(&Doubt::id, "kvm-trial-failed")));
  EXPECT_THAT(host.doubts[0].sentence, HasSubstr("EIO"));
}

TEST(Doubts, NameAGuessedTimebaseOnce) {
  Facts facts = captured_host();
  facts.tree.timebase_frequency.reset();
  EXPECT_THAT(assess(facts).doubts, ElementsAre(Field(&Doubt::id, "timebase-unknown")));
  facts.tree = {};
  facts.tree.problem = "/proc/device-tree: EACCES";
  const auto doubts = assess(facts).doubts;
  EXPECT_THAT(doubts, Contains(Field(&Doubt::sentence, HasSubstr("guests get a timebase of 512 MHz"))));
  EXPECT_THAT(doubts, ::testing::Not(Contains(Field(&Doubt::id, "timebase-unknown"))));
}

TEST(Doubts, IgnoreSourcesThatADeviceTreeAloneCannotHave) {
  EXPECT_THAT(assess(tree_only("power11-as-power10")).doubts, IsEmpty());
}

}  // namespace
}  // namespace parley::host
