// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "fake_kvm.hpp"
#include "parley/kvm/arch_compat.hpp"
#include "parley/kvm/system.hpp"

namespace parley::kvm {
namespace {

using parley::testing::FakeKvm;
using parley::testing::hcall;
using parley::testing::load;
using parley::testing::store;
using ::testing::ElementsAre;

class VcpuTest : public ::testing::Test {
 protected:
  FakeKvm fake_;
  System system_ = System::open(fake_).value();
  Vm vm_ = system_.create_vm(abi::kVmHv).value();
  Vcpu vcpu_ = vm_.create_vcpu(VcpuId{0}).value();
};

TEST_F(VcpuTest, WithImmediateExitDoesNotEnterTheGuest) {
  set_level(vcpu_, level("power10").pvr());
  vcpu_.set_immediate_exit(true);
  EXPECT_TRUE(std::holds_alternative<Interrupted>(vcpu_.run()));
  EXPECT_TRUE(fake_.levels_entered().empty());
}

TEST_F(VcpuTest, WithoutPaprIsRefusedAsSuch) {
  const Exit exit = vcpu_.run();
  EXPECT_EQ(std::get<RunFailure>(exit).kind, RunFailureKind::kPaprMissing);
}

TEST_F(VcpuTest, ReportsTheAnswerToAnHcallToTheKernel) {
  set_level(vcpu_, level("power10").pvr());
  fake_.play(hcall(0x58, {}));
  fake_.play(hcall(0x58, {}));
  EXPECT_TRUE(std::holds_alternative<Hcall>(vcpu_.run()));
  vcpu_.complete_hcall(-1);
  vcpu_.complete_hcall(-4);
  EXPECT_TRUE(std::holds_alternative<Hcall>(vcpu_.run()));
  EXPECT_THAT(fake_.answers(), ElementsAre(-4)) << "the last answer counts";
}

TEST_F(VcpuTest, PutsTheBytesOfALoadWhereTheKernelTakesThem) {
  std::uint8_t loaded = 0;
  set_level(vcpu_, level("power10").pvr());
  fake_.play(load(0x1000, 2));
  fake_.play([&](abi::Run &page) {
    loaded = page.mmio.data[1];
    return store(0x2000, {7})(page);
  });
  EXPECT_EQ(std::get<MmioLoad>(vcpu_.run()).length, 2u);
  vcpu_.complete_mmio_load(std::array{std::byte{1}, std::byte{2}});
  const Exit exit = vcpu_.run();
  EXPECT_EQ(loaded, 2);
  EXPECT_THAT(std::get<MmioStore>(exit).bytes, ElementsAre(std::byte{7}));
}

TEST_F(VcpuTest, MayNotReenterTheGuestWithAnUnansweredHcall) {
  set_level(vcpu_, level("power10").pvr());
  fake_.play(hcall(0x58, {}));
  vcpu_.run();
  EXPECT_THROW(vcpu_.run(), std::logic_error) << "the fake checks it; a kernel would return the old r3";
}

}  // namespace
}  // namespace parley::kvm
