// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cerrno>

#include "fake_kvm.hpp"
#include "parley/kvm/handle.hpp"
#include "parley/kvm/system.hpp"

namespace parley::kvm {
namespace {

using parley::testing::FakeKvm;

constexpr std::size_t kMiB = 1 << 20;

// The same rules for the fake and for Linux, which needs no KVM here.
class MemoryFile : public ::testing::TestWithParam<bool> {
 protected:
  Kernel &kernel() { return GetParam() ? linux_kernel() : fake_; }
  FakeKvm fake_;
};

TEST_P(MemoryFile, IsZeroAndSharedByItsMappings) {
  const Descriptor file = create_memory_file(kernel(), "ram", 2 * kMiB, false).value();
  const Mapping first = Mapping::shared(kernel(), file.fd(), 2 * kMiB).value();
  const Mapping second = Mapping::shared(kernel(), file.fd(), 2 * kMiB).value();
  EXPECT_EQ(first.bytes().back(), std::byte{0});
  first.bytes().back() = std::byte{7};
  EXPECT_EQ(second.bytes().back(), std::byte{7});
}

TEST_P(MemoryFile, TakesNoPrivateMappingOfAnotherFile) {
  const Descriptor file = create_memory_file(kernel(), "ram", kMiB, false).value();
  const Descriptor image = create_memory_file(kernel(), "image", kMiB, false).value();
  Mapping memory = Mapping::shared(kernel(), file.fd(), kMiB).value();
  EXPECT_EQ(memory.lay_file(0, image.fd(), 0, kMiB), 0u) << "the caller copies all of it";
  Mapping anonymous = Mapping::anonymous(kernel(), kMiB).value();
  EXPECT_EQ(anonymous.lay_file(0, image.fd(), 0, kMiB), kMiB);
}

INSTANTIATE_TEST_SUITE_P(Of, MemoryFile, ::testing::Bool(),
                         [](const auto &tested) { return tested.param ? "Linux" : "TheFake"; });

TEST(Memory, NamesTheCallThatFailed) {
  FakeKvm fake;
  EXPECT_EQ(describe(create_memory_file(fake, "ram", kMiB, true).error()),
            "memfd_create of huge pages: ENOSYS (Function not implemented)");
  fake.fail(FakeKvm::kResizeFile, ENOSPC);
  EXPECT_EQ(describe(create_memory_file(fake, "ram", kMiB, false).error()),
            "ftruncate to 1 MiB of guest memory: ENOSPC (No space left on device)");
  EXPECT_EQ(fake.open_descriptors(), 0u);
  fake.fail(FakeKvm::kMmap, ENOMEM);
  EXPECT_EQ(describe(Mapping::shared(fake, 3, kMiB).error()),
            "mmap of 1 MiB of guest memory, shared: ENOMEM (Cannot allocate memory)");
}

TEST(Memory, LiesInAsManySlotsAsItHasRegions) {
  FakeKvm fake;
  const System system = System::open(fake).value();
  Vm vm = system.create_vm(abi::kVmHv).value();
  const Mapping low = Mapping::anonymous(fake, kMiB).value();
  const Mapping high = Mapping::anonymous(fake, kMiB).value();
  EXPECT_TRUE(vm.map_memory(GuestAddress{0}, low.bytes()));
  EXPECT_TRUE(vm.map_memory(GuestAddress{16 * kMiB}, high.bytes(), 1));
  EXPECT_EQ(fake.ram(0).data(), low.bytes().data());
  EXPECT_EQ(fake.ram(1).data(), high.bytes().data());
  EXPECT_EQ(vm.map_memory(GuestAddress{kMiB / 2}, high.bytes(), 2).error().error, EEXIST) << "regions overlap";
}

}  // namespace
}  // namespace parley::kvm
