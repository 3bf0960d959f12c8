// SPDX-License-Identifier: Apache-2.0
#include "parley/kvm/arch_compat.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "fake_kvm.hpp"
#include "parley/kvm/system.hpp"

namespace parley::kvm {
namespace {

using parley::testing::Api;
using parley::testing::Backend;
using parley::testing::FakeHost;
using parley::testing::FakeKvm;
using ::testing::HasSubstr;

// A vCPU on a fake host, with its VM and its system.
class FakeVcpu {
 public:
  explicit FakeVcpu(FakeHost host)
      : fake(host),
        system(System::open(fake).value()),
        vm(system.create_vm(type(host)).value()),
        vcpu(vm.create_vcpu(VcpuId{0}).value()) {}
  LevelSetting set(const char *name) { return set_level(vcpu, level(name).pvr()); }

  FakeKvm fake;
  System system;
  Vm vm;
  Vcpu vcpu;

 private:
  static unsigned long type(const FakeHost &host) { return host.backend == Backend::kPr ? abi::kVmPr : abi::kVmHv; }
};

TEST(SetLevel, TakesALegalLevelAndReadsItBack) {
  FakeVcpu fake_vcpu{{}};
  const LevelSetting setting = fake_vcpu.set("power10");
  EXPECT_EQ(setting.outcome, SettingOutcome::kTaken);
  EXPECT_EQ(setting.readback, level("power10").pvr());
}

TEST(SetLevel, TakesRaw) {
  FakeVcpu fake_vcpu{{}};
  EXPECT_EQ(set_level(fake_vcpu.vcpu, kNoLogicalPvr).outcome, SettingOutcome::kTaken);
}

TEST(SetLevel, ReportsAPoisonedVcpu) {
  FakeVcpu fake_vcpu{{}};
  const LevelSetting setting = fake_vcpu.set("power11");
  EXPECT_EQ(setting.outcome, SettingOutcome::kPoisoned);
  EXPECT_EQ(setting.set_error, EINVAL);
  EXPECT_EQ(setting.readback, kInvalidLogicalPvr);
}

TEST(SetLevel, RepairsAPoisonedVcpuWithALegalLevel) {
  FakeVcpu fake_vcpu{{}};
  fake_vcpu.set("power11");
  EXPECT_EQ(fake_vcpu.set("power10").outcome, SettingOutcome::kTaken);
}

TEST(SetLevel, ReportsARefusalThatChangedNothing) {
  FakeVcpu fake_vcpu{{}};
  fake_vcpu.set("power10");
  const LevelSetting setting = set_level(fake_vcpu.vcpu, LogicalPvr{0x0f000008});
  EXPECT_EQ(setting.outcome, SettingOutcome::kRefused);
  EXPECT_EQ(setting.readback, level("power10").pvr());
}

TEST(SetLevel, ReportsALevelThatIsStoredWithoutPapr) {
  for (const bool fixed : {true, false}) {
    FakeHost host;
    host.fixed = fixed;
    FakeVcpu fake_vcpu{host};
    fake_vcpu.fake.fail(abi::kEnableCap, EPERM);
    const LevelSetting setting = fake_vcpu.set("power10");
    EXPECT_EQ(setting.outcome, SettingOutcome::kStoredWithoutPapr) << fixed;
    EXPECT_EQ(setting.papr_error, EPERM);
  }
}

TEST(SetLevel, ReportsThatKvmPrHasNoSuchRegister) {
  FakeVcpu fake_vcpu{{.backend = Backend::kPr}};
  EXPECT_EQ(fake_vcpu.set("power10").outcome, SettingOutcome::kNoRegister);
}

TEST(SetLevel, TrustsNoLevelThatItCannotReadBack) {
  FakeVcpu fake_vcpu{{}};
  fake_vcpu.fake.fail(abi::kGetOneReg, EFAULT, 2);
  const LevelSetting setting = fake_vcpu.set("power10");
  EXPECT_EQ(setting.outcome, SettingOutcome::kOther);
  EXPECT_EQ(setting.get_error, EFAULT);
}

TEST(SetLevel, TreatsOnlyEinvalAsARefusal) {
  FakeVcpu fake_vcpu{{}};
  fake_vcpu.fake.fail(abi::kSetOneReg, EFAULT);
  EXPECT_EQ(fake_vcpu.set("power10").outcome, SettingOutcome::kOther);
  FakeVcpu unreadable{{}};
  for (const int nth : {1, 2}) unreadable.fake.fail(abi::kGetOneReg, EIO, nth);
  unreadable.fake.fail(abi::kSetOneReg, EIO);
  EXPECT_EQ(unreadable.set("power10").outcome, SettingOutcome::kOther);
}

TEST(SetLevel, DescribesTheCallsWithErrnoAndReadback) {
  FakeVcpu fake_vcpu{{}};
  EXPECT_EQ(
      describe(fake_vcpu.set("power11")),
      "asked 0x0f000007: KVM_SET_ONE_REG arch_compat EINVAL (Invalid argument), arch_compat reads back 0xffffffff");
}

// The outcomes of each level on each kind of host, as measured on Linux 7.2 and 6.12.
struct Cell {
  const char *name;
  Api api;
  const char *host;
  bool fixed;
  // For power8, power9, power10, power11: T taken, R refused, P poisoned.
  const char *outcomes;
};

class KernelRules : public ::testing::TestWithParam<Cell> {};

TEST_P(KernelRules, GiveEachLevelItsOutcome) {
  const Cell &cell = GetParam();
  const char *levels[] = {"power8", "power9", "power10", "power11"};
  for (std::size_t i = 0; i < std::size(levels); ++i) {
    FakeVcpu fake_vcpu{{.api = cell.api, .level = level(cell.host), .fixed = cell.fixed}};
    const auto outcome = fake_vcpu.set(levels[i]).outcome;
    const auto expected = cell.outcomes[i] == 'T'   ? SettingOutcome::kTaken
                          : cell.outcomes[i] == 'R' ? SettingOutcome::kRefused
                                                    : SettingOutcome::kPoisoned;
    EXPECT_EQ(outcome, expected) << levels[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Hosts, KernelRules,
                         ::testing::Values(Cell{"Power9V1", Api::kNestedV1, "power9", true, "TTRP"},
                                           Cell{"Power10V1", Api::kNestedV1, "power10", true, "TTTP"},
                                           Cell{"Power11V1", Api::kNestedV1, "power11", true, "TTTT"},
                                           Cell{"Power9V2", Api::kNestedV2, "power9", true, "RTRP"},
                                           Cell{"Power10V2", Api::kNestedV2, "power10", true, "RTTP"},
                                           Cell{"Power11V2", Api::kNestedV2, "power11", true, "RTTT"},
                                           Cell{"Power10BareMetal", Api::kBareMetal, "power10", true, "TTTP"},
                                           Cell{"Power10V2Unfixed", Api::kNestedV2, "power10", false, "RTTT"},
                                           Cell{"Power9V1Unfixed", Api::kNestedV1, "power9", false, "TTRR"}),
                         [](const auto &cell) { return cell.param.name; });

}  // namespace
}  // namespace parley::kvm
