// SPDX-License-Identifier: Apache-2.0
//
// The guest's memory and registers at its first instruction.
#include <unistd.h>

#include <cstdlib>

#include "calling_guest.hpp"
#include "parley/base/file.hpp"

namespace parley::machine {
namespace {

class FirmwareTest : public CallingGuestTest {};

// --- Registers

TEST_F(FirmwareTest, EntersTheGuestAtItsEntryWithTheTreeInR3) {
  FakeKvm fake;
  const auto machine_plan = plan("power9");
  std::uint32_t in_tree = 0;
  fake.play([&](abi::Run &page) {
    in_tree = cpu_version_in_tree(fake);
    return says("x")(page);
  });
  run(fake, machine_plan);
  EXPECT_EQ(in_tree, kPower9);
  EXPECT_EQ(fake.regs().pc, 0u);
  EXPECT_EQ(fake.regs().gpr[3], machine_plan.tree_at.value);
  EXPECT_EQ(fake.regs().msr, 0x8000000000001001u);
}

TEST_F(FirmwareTest, EntersABigEndianPayloadWithTheLittleEndianBitClear) {
  FakeKvm fake;
  auto machine_plan = plan("power10");
  machine_plan.payload.little_endian = false;
  run(fake, machine_plan);
  EXPECT_EQ(fake.regs().msr, 0x8000000000001000u);
}

TEST_F(FirmwareTest, EntersAKernelWithTheClientInterfaceInR5) {
  FakeKvm fake;
  auto kernel = two_processor_plan();
  kernel.initrd = guest::whole(SharedBytes(Bytes(100)), GuestAddress{0x30000});
  run(fake, kernel);
  EXPECT_EQ(fake.regs().gpr[3], 0x30000u);
  EXPECT_EQ(fake.regs().gpr[4], 100u);
  EXPECT_EQ(fake.regs().gpr[5], kernel.firmware_at.value + 0x100);
  EXPECT_GT(fake.regs().gpr[1], kernel.firmware_at.value);
}

// --- Memory

TEST_F(FirmwareTest, MapsWholePagesOfFilesIntoMemoryUnlessThePlanWantsCopiesAndCopiesTheRest) {
  char path[] = "/tmp/parley-test-XXXXXX";
  const int fd = ::mkstemp(path);
  ASSERT_GE(fd, 0);
  Bytes content(0x3001);
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<std::byte>(i * 7);
  ASSERT_TRUE(write_all(fd, content));
  ::close(fd);
  const SharedBytes initrd = SharedBytes::open(path, 1 << 20).value();
  ::unlink(path);
  for (const bool copies : {false, true}) {
    FakeKvm fake;
    auto machine_plan = two_processor_plan();
    machine_plan.initrd = guest::whole(initrd, GuestAddress{0x30000});
    machine_plan.memory.copies_images = copies;
    Bytes found;
    fake.play(then([&] {
      const auto there = fake.ram().subspan(0x30000, content.size());
      found.assign(there.begin(), there.end());
    }));
    run(fake, machine_plan);
    EXPECT_EQ(found, content);
    EXPECT_EQ(fake.mapped_from_files(), copies ? 0u : 0x3000u);
  }
}

TEST_F(FirmwareTest, ReportsAFileThatCannotBeMapped) {
  FakeKvm fake;
  auto machine_plan = two_processor_plan();
  machine_plan.initrd =
      guest::whole(SharedBytes::open("/proc/self/exe", guest::kDefaultMemory).value(), GuestAddress{0x30000});
  machine_plan.memory_size = 2 * guest::kDefaultMemory;
  machine_plan.regions = {{GuestAddress{0}, machine_plan.memory_size}};
  fake.fail(FakeKvm::kMmapFile, ENOMEM);
  EXPECT_THAT(failure(run(fake, machine_plan)).why, HasSubstr("ENOMEM"));
}

}  // namespace
}  // namespace parley::machine
