// SPDX-License-Identifier: Apache-2.0
#include "parley/kvm/system.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <tuple>

#include "fake_kvm.hpp"

namespace parley::kvm {
namespace {

using parley::testing::Backend;
using parley::testing::FakeHost;
using parley::testing::FakeKvm;
using ::testing::AnyOf;

OpenError::Kind open_error(int error) {
  FakeKvm fake;
  fake.fail(FakeKvm::kOpen, error);
  return System::open(fake).error().kind;
}

TEST(System, ClassifiesTheErrorsOfOpening) {
  EXPECT_EQ(open_error(ENOENT), OpenError::Kind::kAbsent);
  EXPECT_EQ(open_error(ENODEV), OpenError::Kind::kAbsent);
  EXPECT_EQ(open_error(EACCES), OpenError::Kind::kNoPermission);
  EXPECT_EQ(open_error(EMFILE), OpenError::Kind::kUnusable);
}

TEST(System, RefusesAnotherVersionOfTheInterface) {
  FakeKvm fake{{.api_version = 11}};
  const auto system = System::open(fake);
  ASSERT_FALSE(system);
  EXPECT_EQ(system.error().kind, OpenError::Kind::kWrongApi);
  EXPECT_EQ(fake.open_descriptors(), 0u);
}

TEST(System, DistinguishesAMissingExtensionFromAFailedQuery) {
  FakeKvm fake{{.lacks = abi::Cap::kPpcPapr}};
  const auto system = System::open(fake);
  fake.fail(abi::kCheckExtension, EIO);
  const CapabilityInfo &papr = capabilities().front();
  EXPECT_EQ(describe(system->check(papr).error()), "KVM_CHECK_EXTENSION KVM_CAP_PPC_PAPR: EIO (Input/output error)");
  EXPECT_EQ(system->check(papr), 0);
  EXPECT_EQ(system->check(capabilities()[1]), 1);
}

TEST(System, NamesTheCallThatFailed) {
  FakeKvm fake{{.backend = Backend::kNone}};
  const auto vm = System::open(fake)->create_vm(abi::kVmHv);
  ASSERT_FALSE(vm);
  EXPECT_EQ(describe(vm.error()), "KVM_CREATE_VM (HV): EINVAL (Invalid argument)");
}

TEST(System, AsksForTheGrantedLevelsInTheKernelsLayout) {
  FakeHost host;
  host.compat_caps = 0x6000000000000000;
  FakeKvm fake{host};
  const auto system = System::open(fake);
  const auto vm = system->create_vm(abi::kVmHv);
  EXPECT_EQ(vm->compat_capabilities(), 0x6000000000000000u);
  EXPECT_EQ(abi::kGetCompatCaps, 0x2000aeb8u) << "as measured on Linux 7.3, which answers ENOTTY to any other number";
}

// Measured on Linux 7.3~rc7, in a partition and on bare metal. This test compares the fake with the measurement.
// tests/lab/tools/grants.c compares the kernel with it.
TEST(FakeKvm, AnswersForTheGrantedLevelsAsTheKernelDoes) {
  FakeHost host;
  host.compat_caps = 0x6000000000000000;
  FakeKvm fake{host};
  const int system = *fake.open("/dev/kvm");
  const int vm = *fake.ioctl(system, kIoctl<abi::kCreateVm>, abi::kVmHv);
  const int vcpu = *fake.ioctl(vm, kIoctl<abi::kCreateVcpu>, 0);
  const auto ask = [&](int fd, std::uint64_t size, std::uint64_t flags) {
    abi::CompatCaps caps{size, flags, 0};
    const auto answer = fake.ioctl(fd, kIoctl<abi::kGetCompatCaps>, reinterpret_cast<unsigned long>(&caps));
    return answer ? std::tuple(0, caps.size, caps.compat_capabilities)
                  : std::tuple(answer.error(), size, std::uint64_t{0});
  };
  EXPECT_EQ(ask(vm, 24, 0), std::tuple(0, 24u, 0x6000000000000000u));
  EXPECT_EQ(ask(vm, 32, 0), std::tuple(0, 24u, 0x6000000000000000u))
      << "the kernel returns its own size in a larger struct";
  for (const std::uint64_t small : {0u, 16u, 23u}) EXPECT_EQ(std::get<0>(ask(vm, small, 0)), EINVAL);
  EXPECT_EQ(std::get<0>(ask(vm, 24, 1)), EINVAL);
  EXPECT_EQ(std::get<0>(ask(system, 24, 0)), EINVAL);
  EXPECT_EQ(std::get<0>(ask(vcpu, 24, 0)), EINVAL);
  for (const int fd : {vcpu, vm, system}) fake.close(fd);
}

// Measured on Linux 7.2 on bare metal.
TEST(Vm, LeadsFromRadixToHashAndBack) {
  FakeKvm fake{{.api = parley::testing::Api::kBareMetal}};
  auto vm = System::open(fake)->create_vm(abi::kVmHv);
  EXPECT_TRUE(vm->configure_hash(24));
  EXPECT_TRUE(fake.is_hash());
  EXPECT_TRUE(vm->configure_radix());
  EXPECT_FALSE(fake.is_hash());
  for (const std::uint32_t order : {17u, 47u}) EXPECT_EQ(vm->configure_hash(order).error().error, EINVAL) << order;
}

TEST(Vm, HasNoHashMmuInAPartition) {
  FakeKvm fake;
  const auto refused = System::open(fake)->create_vm(abi::kVmHv)->configure_hash(24);
  EXPECT_EQ(describe(refused.error()), "KVM_PPC_CONFIGURE_V3_MMU: EINVAL (Invalid argument)");
}

TEST(System, LeavesNothingOpen) {
  FakeKvm fake;
  {
    auto system = System::open(fake);
    auto vm = system->create_vm(abi::kVmHv);
    auto vcpu = vm->create_vcpu(VcpuId{0});
    EXPECT_EQ(fake.open_descriptors(), 3u);
    EXPECT_EQ(fake.open_mappings(), 1u);
  }
  EXPECT_EQ(fake.open_descriptors(), 0u);
  EXPECT_EQ(fake.open_mappings(), 0u);
}

TEST(Vcpu, IsClosedAgainWhenItsMappingFails) {
  FakeKvm fake;
  const auto system = System::open(fake);
  auto vm = system->create_vm(abi::kVmHv);
  fake.fail(FakeKvm::kMmap, ENOMEM);
  EXPECT_FALSE(vm->create_vcpu(VcpuId{0}));
  EXPECT_EQ(fake.open_descriptors(), 2u);
}

// Without KVM, each call still reaches the kernel and brings its errno back.
TEST(LinuxKernel, ReturnsTheErrnoOfEachCall) {
  Kernel &kernel = linux_kernel();
  constexpr int kNoDescriptor = -1;
  abi::Run run{};
  EXPECT_EQ(kernel.open("/does/not/exist").error(), ENOENT);
  // Linux says EBADF; QEMU's user-mode emulation knows no KVM calls and says ENOTTY before it looks at the descriptor.
  EXPECT_THAT(kernel.ioctl(kNoDescriptor, kIoctl<abi::kGetApiVersion>, 0).error(), AnyOf(EBADF, ENOTTY));
  EXPECT_THAT(kernel.enter(kNoDescriptor, run), AnyOf(EBADF, ENOTTY));
  EXPECT_FALSE(kernel.observes_completions());
  kernel.complete(kNoDescriptor, HcallCompletion{0, std::span(run.papr_hcall.args)});
}

}  // namespace
}  // namespace parley::kvm
