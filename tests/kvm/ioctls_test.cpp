// SPDX-License-Identifier: Apache-2.0
#include "parley/kvm/ioctls.hpp"

#include <gtest/gtest.h>

#include <set>

#include "parley/kvm/handle.hpp"

namespace parley::kvm {
namespace {

template <typename Argument>
concept SetsRegsWith = requires(const Descriptor &descriptor, Argument argument) {
  descriptor.call<abi::kSetRegs>(argument);
};
static_assert(SetsRegsWith<abi::Regs>);
static_assert(!SetsRegsWith<abi::Sregs>, "another struct does not compile");
static_assert(!SetsRegsWith<abi::Regs *>, "an address does not compile");
static_assert(!SetsRegsWith<unsigned long>, "a number does not compile");

template <std::uint32_t kNumber>
concept NeedsNoArgument = requires(const Descriptor &descriptor) {
  descriptor.call<kNumber>();
};
static_assert(NeedsNoArgument<abi::kGetApiVersion>);
static_assert(!NeedsNoArgument<abi::kSetRegs>, "a missing argument does not compile");

TEST(Ioctls, HaveEachNumberAndEachNameOnce) {
  std::set<std::uint32_t> numbers;
  std::set<std::string_view> names;
  for (const IoctlInfo &info : kIoctls) {
    numbers.insert(info.number);
    names.insert(info.name);
    EXPECT_TRUE(info.name.starts_with("KVM_")) << info.name;
  }
  EXPECT_EQ(numbers.size(), kIoctls.size());
  EXPECT_EQ(names.size(), kIoctls.size());
}

// Linux encodes direction and size in the number, except for KVM_PPC_GET_COMPAT_CAPS.
TEST(Ioctls, HaveTheDirectionAndTheSizeThatTheirNumbersEncode) {
  for (const IoctlInfo &info : kIoctls) {
    if (info.number == abi::kGetCompatCaps) continue;
    const std::uint32_t encoded = info.number >> 29;
    const bool in = info.direction == Direction::kIn || info.direction == Direction::kInOut;
    const bool out = info.direction == Direction::kOut || info.direction == Direction::kInOut;
    EXPECT_EQ((encoded & abi::kWrite) != 0, in) << info.name;
    EXPECT_EQ((encoded & abi::kRead) != 0, out) << info.name;
    EXPECT_EQ(info.number >> 16 & 0x1fff, info.size) << info.name;
  }
}

TEST(Ioctls, AreFoundByTheirNumber) {
  EXPECT_EQ(kIoctl<abi::kSetOneReg>.name, "KVM_SET_ONE_REG");
  EXPECT_EQ(kIoctl<abi::kRtasDefineToken>.name, "KVM_PPC_RTAS_DEFINE_TOKEN") << "the same command, another size";
  EXPECT_EQ(&kIoctl<abi::kRun>, &kIoctls[index_of_ioctl(abi::kRun)]);
}

}  // namespace
}  // namespace parley::kvm
