// SPDX-License-Identifier: Apache-2.0
#include "parley/host/capabilities.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hosts.hpp"

namespace parley::host {
namespace {

using parley::testing::captured_host;
using parley::testing::cpu_node;
using parley::testing::partition;
using parley::testing::source;
using parley::testing::tree_only;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct HostTree {
  const char *name;
  Platform platform;
  const char *level;
  bool compat_mode;
};

class CapturedHost : public ::testing::TestWithParam<HostTree> {};

TEST_P(CapturedHost, HasThePlatformAndTheLevelOfItsTree) {
  const Capabilities host = assess(tree_only(GetParam().name));
  EXPECT_EQ(host.platform, GetParam().platform);
  EXPECT_EQ(host.level, level(GetParam().level));
  EXPECT_EQ(host.compat_mode, GetParam().compat_mode);
  EXPECT_THAT(host.doubts, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Trees, CapturedHost,
                         ::testing::Values(HostTree{"power9", Platform::kPseries, "power9", true},
                                           HostTree{"power10", Platform::kPseries, "power10", true},
                                           HostTree{"power10-as-power9", Platform::kPseries, "power9", true},
                                           HostTree{"power11", Platform::kPseries, "power11", true},
                                           HostTree{"power11-as-power10", Platform::kPseries, "power10", true},
                                           HostTree{"powernv-power9", Platform::kPowerNv, "power9", false},
                                           HostTree{"powernv-power10", Platform::kPowerNv, "power10", false},
                                           HostTree{"powernv-power11", Platform::kPowerNv, "power11", false}));

TEST(Capabilities, TakeTheLevelFromThePartitionAndNotFromItsSilicon) {
  const Capabilities host = assess(captured_host());
  EXPECT_EQ(host.level, level("power10"));
  EXPECT_EQ(host.silicon, level("power11"));
  EXPECT_EQ(host.kvm, KvmKind::kNestedV2);
  EXPECT_THAT(host.doubts, IsEmpty());
  for (const Source &row : host.sources) EXPECT_NE(row.agreement, Agreement::kDisagrees) << row.name;
}

TEST(Capabilities, TakeNoLevelFromASourceThatDescribesTheSilicon) {
  const Capabilities host = assess(captured_host());
  for (const char *name : {"AT_BASE_PLATFORM", "cpuinfo pvr", "KVM vCPU pvr"}) {
    EXPECT_EQ(source(host, name).level, level("power11")) << name;
    EXPECT_EQ(source(host, name).trust, Trust::kSiliconOnly) << name;
  }
}

TEST(Capabilities, LowerTheLevelToAtPlatformWithADoubt) {
  Facts facts = captured_host();
  facts.system.platform = "power9";
  const Capabilities host = assess(facts);
  EXPECT_EQ(host.level, level("power9"));
  EXPECT_THAT(host.doubts, Contains(Field(&Doubt::id, "at-platform-below")));
}

TEST(Capabilities, DoNotRaiseTheLevelToAtPlatform) {
  Facts facts = captured_host();
  facts.system.platform = "power11";
  const Capabilities host = assess(facts);
  EXPECT_EQ(host.level, level("power10"));
  EXPECT_THAT(host.doubts, Contains(Field(&Doubt::id, "source-disagrees")));
}

TEST(Capabilities, FallBackToAtPlatformWithADoubtWhenTheTreeGivesNoLevel) {
  Facts facts = captured_host();
  facts.tree.cpus = {cpu_node({0xff, 0xff, 0xff, 0xff})};
  const Capabilities host = assess(facts);
  EXPECT_EQ(host.level, level("power10"));
  EXPECT_THAT(host.doubts, Contains(Field(&Doubt::id, "cpu-version-not-a-level")));
  EXPECT_THAT(host.doubts, Contains(Field(&Doubt::id, "level-from-at-platform")));
}

TEST(Capabilities, FallBackToCpuinfoLast) {
  Facts facts = captured_host();
  facts.tree.cpus.clear();
  facts.system.platform.reset();
  const Capabilities host = assess(facts);
  EXPECT_EQ(host.level, level("power10"));
  EXPECT_THAT(host.doubts, Contains(Field(&Doubt::id, "level-from-cpuinfo")));
}

TEST(Capabilities, HaveNoLevelWhenNothingGivesOne) {
  const Capabilities host = assess(partition({}));
  EXPECT_EQ(host.level, std::nullopt);
  EXPECT_EQ(host.level_reason, "no source gives a level");
}

TEST(Capabilities, TreatANewerPlatformAsTheHighestKnownWithADoubt) {
  Facts facts = captured_host();
  facts.tree.cpus = {cpu_node({0x0f, 0, 0, 8})};
  facts.system.platform = "power12";
  facts.system.cpuinfo_cpu = "Power12 (architected)";
  const Capabilities host = assess(facts);
  EXPECT_EQ(host.level, level("power11"));
  EXPECT_THAT(host.doubts, Contains(Field(&Doubt::id, "cpu-version-newer-than-known")));
  EXPECT_THAT(host.doubts, Contains(Field(&Doubt::id, "at-platform-newer-than-known")));
}

TEST(Capabilities, RecogniseNestedApiV1ByItsCapability) {
  Facts facts = captured_host();
  facts.kvm.capabilities["KVM_CAP_PPC_NESTED_HV"] = 1;
  EXPECT_EQ(assess(facts).kvm, KvmKind::kNestedV1);
}

TEST(Capabilities, RecogniseNestedApiV1WithoutNestingByTheTrialOfPower8) {
  Facts facts = captured_host();
  facts.kvm.trials = {{level("power8").pvr(), TrialOutcome::kTaken, 0, level("power8").pvr()}};
  EXPECT_EQ(assess(facts).kvm, KvmKind::kNestedV1);
}

TEST(Capabilities, ListTheLevelsThatTheHypervisorGrants) {
  Facts facts = captured_host();
  facts.kvm.compat_caps = CompatCaps{0, kCompatCapPower9 | kCompatCapPower10};
  const Source row = source(assess(facts), "KVM compat capabilities");
  EXPECT_EQ(row.says, "power9, power10");
  EXPECT_EQ(row.agreement, Agreement::kAgrees);
}

TEST(Capabilities, TreatAHostWithAnUnreadableTreeAsAPartition) {
  Facts facts = captured_host();
  facts.tree = {};
  facts.tree.problem = "/proc/device-tree: EACCES";
  const Capabilities host = assess(facts);
  EXPECT_EQ(host.level, level("power10"));
  EXPECT_EQ(host.kvm, KvmKind::kNestedV2);
  EXPECT_TRUE(host.nested());
  EXPECT_THAT(host.doubts, Contains(Field(&Doubt::id, "platform-unknown")));
}

TEST(Capabilities, AreEmptyOnAnotherArchitecture) {
  Facts facts;
  facts.system.machine = "x86_64";
  const Capabilities host = assess(facts);
  EXPECT_EQ(host.platform, Platform::kNotPower);
  EXPECT_EQ(host.level, std::nullopt);
  EXPECT_EQ(describe_kind(host), "not POWER, no KVM");
}

TEST(Capabilities, TakeTheLevelFromTheSiliconOnBareMetal) {
  Facts facts = tree_only("powernv-power10");
  facts.kvm.access = KvmAccess::kHv;
  facts.kvm.capabilities = {{"KVM_CAP_PPC_NESTED_HV", 1}, {"KVM_CAP_PPC_IRQ_XIVE", 1}, {"KVM_CAP_IRQ_XICS", 1}};
  facts.kvm.pvr = PhysicalPvr{0x00801200};
  facts.system.machine = "ppc64le";
  const Capabilities host = assess(facts);
  EXPECT_EQ(host.kvm, KvmKind::kPowerNvHv);
  EXPECT_EQ(host.level, level("power10"));
  EXPECT_EQ(host.interrupt_controller, "XIVE in the kernel, XICS in the kernel");
  EXPECT_FALSE(host.nested());
}

}  // namespace
}  // namespace parley::host
