// SPDX-License-Identifier: Apache-2.0
#include "parley/machine/probe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <set>

#include "kvm/fake_kvm.hpp"
#include "parley/kvm/abi.hpp"

namespace parley::machine {
namespace {

using host::KvmAccess;
using host::TrialOutcome;
using parley::testing::Backend;
using parley::testing::FakeHost;
using parley::testing::FakeKvm;
using ::testing::HasSubstr;

namespace abi = kvm::abi;

TEST(Probe, FindsAKvmThatRunsGuests) {
  FakeKvm fake;
  const auto kvm = probe_kvm(fake);
  EXPECT_EQ(kvm.access, KvmAccess::kHv);
  EXPECT_EQ(kvm.pvr, PhysicalPvr{0x00821200});
  EXPECT_EQ(kvm.capability("KVM_CAP_PPC_PAPR"), 1);
  EXPECT_EQ(kvm.capability("KVM_CAP_PPC_NESTED_HV"), 0);
  EXPECT_FALSE(kvm.compat_caps);
  EXPECT_TRUE(fake.levels_asked().empty()) << "no levels were given";
}

TEST(Probe, ReadsTheHashMmuOfBareMetal) {
  FakeKvm fake{{.api = parley::testing::Api::kBareMetal}};
  const auto mmu = probe_kvm(fake).hash_mmu;
  ASSERT_TRUE(mmu);
  EXPECT_EQ(mmu->slb_size, 32u);
  EXPECT_TRUE(mmu->terabyte_segments);
  ASSERT_EQ(mmu->segments.size(), 3u);
  EXPECT_EQ(mmu->segments[0], (host::SegmentPages{{12, 0}, {{12, 0}, {24, 0x38}}}));
  FakeKvm partition;
  EXPECT_FALSE(probe_kvm(partition).hash_mmu);
  EXPECT_EQ(partition.times(abi::kGetSmmuInfo), 0);
}

TEST(Probe, FindsNoHashMmuIfKvmDoesNotDescribeIt) {
  FakeKvm fake{{.api = parley::testing::Api::kBareMetal}};
  fake.fail(abi::kGetSmmuInfo, EINVAL);
  EXPECT_FALSE(probe_kvm(fake).hash_mmu);
}

TEST(Probe, KnowsWithoutAVmThatGuestsCanRunIfKvmOffersRadix) {
  FakeKvm fake;
  const Probe probe(fake);
  EXPECT_EQ(probe.facts().access, KvmAccess::kHv);
  EXPECT_EQ(probe.facts().capability("KVM_CAP_PPC_PAPR"), 1);
  EXPECT_EQ(fake.times(abi::kCreateVm), 0);
}

TEST(Probe, NeedsAVmToKnowWhetherGuestsCanRunIfRadixIsMissing) {
  FakeKvm without_module{{.backend = Backend::kNone}};
  Probe probe(without_module);
  EXPECT_EQ(probe.facts().access, KvmAccess::kNotAsked);
  EXPECT_FALSE(probe.create_fresh_vm());
  EXPECT_EQ(probe.facts().access, KvmAccess::kNoHv);
}

TEST(Probe, TriesEachLevelFromTheSameState) {
  FakeKvm fake;
  const LogicalPvr levels[] = {level("power11").pvr(), level("power10").pvr(), level("power8").pvr()};
  const auto trials = probe_kvm(fake, levels).trials;
  ASSERT_EQ(trials.size(), 3u);
  EXPECT_EQ(trials[0].outcome, TrialOutcome::kPoisoned);
  EXPECT_EQ(trials[0].error, EINVAL);
  EXPECT_EQ(trials[1].outcome, TrialOutcome::kTaken);
  EXPECT_EQ(trials[2].outcome, TrialOutcome::kRefused);
  EXPECT_EQ(trials[2].readback, kNoLogicalPvr);
  EXPECT_TRUE(fake.levels_entered().empty()) << "the vCPU must not run";
}

TEST(Probe, ReadsTheGrantedLevelsIfTheKernelReportsThem) {
  FakeHost host;
  host.compat_caps = host::kCompatCapPower9 | host::kCompatCapPower10;
  FakeKvm fake{host};
  EXPECT_EQ(probe_kvm(fake).compat_caps->bits, host::kCompatCapPower9 | host::kCompatCapPower10);
}

TEST(Probe, KeepsTheErrnoIfTheGrantedLevelsCannotBeRead) {
  FakeHost host;
  host.compat_caps = 0;
  FakeKvm fake{host};
  fake.fail(abi::kGetCompatCaps, EINVAL);
  EXPECT_EQ(probe_kvm(fake).compat_caps->error, EINVAL);
}

KvmAccess access_when_open_fails(int error) {
  FakeKvm fake;
  fake.fail(FakeKvm::kOpen, error);
  return probe_kvm(fake).access;
}

TEST(Probe, DistinguishesTheReasonsWhyKvmIsUnusable) {
  EXPECT_EQ(access_when_open_fails(ENOENT), KvmAccess::kAbsent);
  EXPECT_EQ(access_when_open_fails(EACCES), KvmAccess::kNoPermission);
  EXPECT_EQ(access_when_open_fails(EIO), KvmAccess::kUnusable);
  FakeKvm old{{.api_version = 11}};
  EXPECT_EQ(probe_kvm(old).access, KvmAccess::kWrongApi);
  FakeKvm without_module{{.backend = Backend::kNone}};
  EXPECT_EQ(probe_kvm(without_module).access, KvmAccess::kNoHv);
  FakeKvm problem_state{{.backend = Backend::kPr}};
  EXPECT_EQ(probe_kvm(problem_state).access, KvmAccess::kPr);
}

TEST(Probe, DistinguishesARefusedVmFromAMissingModule) {
  for (const int error : {ENOMEM, EPERM, EBUSY}) {
    FakeKvm fake;
    fake.fail(abi::kCreateVm, error);
    const auto kvm = probe_kvm(fake);
    EXPECT_EQ(kvm.access, KvmAccess::kVmRefused);
    EXPECT_TRUE(is_refusal(kvm.access));
    EXPECT_THAT(kvm.detail, HasSubstr("KVM_CREATE_VM"));
  }
}

TEST(Probe, DistinguishesABadRequestUnderHvFromAMissingModule) {
  FakeKvm fake;
  fake.fail(abi::kCreateVm, EINVAL);
  EXPECT_EQ(probe_kvm(fake).access, KvmAccess::kVmRefused);
}

TEST(Probe, NamesTheMissingCapability) {
  FakeKvm fake{{.lacks = abi::Cap::kPpcPapr}};
  const auto kvm = probe_kvm(fake);
  EXPECT_EQ(kvm.access, KvmAccess::kLacking);
  EXPECT_THAT(kvm.detail, HasSubstr("KVM_CAP_PPC_PAPR: this KVM cannot run PAPR guests"));
}

TEST(Probe, ClosesEverythingWhicheverCallFails) {
  const std::uint32_t calls[] = {FakeKvm::kOpen,        FakeKvm::kMmap,  abi::kGetApiVersion, abi::kCheckExtension,
                                 abi::kGetVcpuMmapSize, abi::kCreateVm,  abi::kCreateVcpu,    abi::kEnableCap,
                                 abi::kGetOneReg,       abi::kSetOneReg, abi::kGetSregs};
  const LogicalPvr levels[] = {level("power10").pvr()};
  for (const std::uint32_t call : calls) {
    for (const int error : {EINVAL, ENOMEM, EPERM, EIO}) {
      FakeKvm fake;
      fake.fail(call, error);
      const auto kvm = probe_kvm(fake, levels);
      EXPECT_GT(fake.times(call), 0);
      EXPECT_EQ(fake.open_descriptors(), 0u) << call;
      EXPECT_EQ(fake.open_mappings(), 0u) << call;
      if (kvm.access != KvmAccess::kHv) {
        EXPECT_FALSE(kvm.detail.empty()) << call;
      }
    }
  }
}

TEST(ExplainAccess, GivesEachCaseItsOwnMessage) {
  std::set<std::string> answers;
  constexpr auto kLast = static_cast<int>(KvmAccess::kHv);
  for (int i = 0; i <= kLast; ++i) {
    host::KvmFacts kvm;
    kvm.access = static_cast<KvmAccess>(i);
    answers.insert(explain_access(kvm).what);
  }
  EXPECT_EQ(answers.size(), static_cast<std::size_t>(kLast) + 1);
}

}  // namespace
}  // namespace parley::machine
