// SPDX-License-Identifier: Apache-2.0
#include "parley/kvm/counting_kernel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "fake_kvm.hpp"
#include "parley/kvm/arch_compat.hpp"
#include "parley/kvm/system.hpp"

namespace parley::kvm {
namespace {

using parley::testing::fails;
using parley::testing::FakeKvm;
using parley::testing::hcall;
using parley::testing::load;
using ::testing::ElementsAre;

TEST(CountingKernel, NamesAndCountsCallsExitsAndAnswers) {
  FakeKvm fake;
  CountingKernel counting(fake);
  {
    const System system = System::open(counting).value();
    Vm vm = system.create_vm(abi::kVmHv).value();
    Vcpu vcpu = vm.create_vcpu(VcpuId{0}).value();
    set_level(vcpu, level("power10").pvr());
    fake.play(hcall(0x58, {}));
    fake.play(load(0x1000000, 1));
    fake.play(fails(EINTR));
    fake.play(fails(0, 63));
    fake.play(fails(0, kUntouched));
    vcpu.run();
    vcpu.complete_hcall(0);
    vcpu.run();
    vcpu.complete_mmio_load(std::array{std::byte{0}});
    for (int i = 0; i < 3; ++i) vcpu.run();
  }
  EXPECT_THAT(
      counting.summary(),
      ElementsAre("open 1", "mmap 1", "munmap 1", "close 3", "KVM_GET_API_VERSION 1", "KVM_CREATE_VM 1",
                  "KVM_GET_VCPU_MMAP_SIZE 1", "KVM_CREATE_VCPU 1", "KVM_RUN 5", "KVM_ENABLE_CAP 1", "KVM_GET_ONE_REG 4",
                  "KVM_SET_ONE_REG 1", "exit KVM_EXIT_MMIO 1", "exit KVM_EXIT_PAPR_HCALL 1", "exit reason 63 1",
                  "exit without a known reason 1", "exit EINTR 1", "answer to an hcall 1", "answer to a load 1"));
}

TEST(CountingKernel, PassesErrorsOn) {
  FakeKvm fake;
  CountingKernel counting(fake);
  fake.fail(FakeKvm::kOpen, ENOENT);
  EXPECT_EQ(System::open(counting).error().cause.error, ENOENT);
  EXPECT_THAT(counting.summary(), ElementsAre("open 1"));
}

TEST(CountingKernel, LosesNoCallOfAnyThread) {
  FakeKvm fake;
  CountingKernel counting(fake);
  const System system = System::open(counting).value();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int calls = 0; calls < 1000; ++calls) std::ignore = system.check(capabilities().front());
      });
  }
  EXPECT_THAT(counting.summary(), ::testing::Contains("KVM_CHECK_EXTENSION 4000"));
}

TEST(CountingKernel, CountsTheFilesOfGuestMemory) {
  FakeKvm fake;
  CountingKernel counting(fake);
  {
    const Descriptor file = create_memory_file(counting, "guest RAM", 1 << 16, false).value();
    Mapping shared = Mapping::shared(counting, file.fd(), 1 << 16).value();
    Mapping own = Mapping::anonymous(counting, 1 << 16).value();
    EXPECT_TRUE(own.lay_file(0, file.fd(), 0, 1 << 12));
  }
  EXPECT_THAT(counting.summary(), ::testing::IsSupersetOf({"mmap 2", "munmap 2", "close 1"}));
  EXPECT_EQ(std::ranges::count_if(counting.summary(), [](const std::string &line) { return line.ends_with(" 1"); }), 4)
      << "create, resize, map a file, close";
}

}  // namespace
}  // namespace parley::kvm
