// SPDX-License-Identifier: Apache-2.0
#include "machine/guest_ram.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <fstream>

#include "machine_fixture.hpp"

namespace parley::machine {
namespace {

constexpr std::uint64_t kHalf = guest::kMinMemory / 2;

class GuestRamTest : public MachineTest {
 protected:
  guest::MachinePlan shared_plan() {
    auto shared = plan("power10");
    shared.memory.shared = true;
    return shared;
  }
  // The memory as another process sees it that was given the descriptor.
  static Bytes seen_through(int fd, std::uint64_t at, std::size_t length) {
    Bytes bytes(length);
    EXPECT_EQ(::pread(fd, bytes.data(), length, static_cast<off_t>(at)), static_cast<ssize_t>(length));
    return bytes;
  }
  FakeKvm fake_;
};

TEST_F(GuestRamTest, OfPrivateMemoryHasNoFile) {
  const auto files = RamFiles::open(fake_, plan("power10")).value();
  EXPECT_TRUE(files.empty());
  EXPECT_TRUE(RamFiles::none().empty());
}

TEST_F(GuestRamTest, OfSharedMemoryIsSeenThroughTheDescriptor) {
  const auto shared = shared_plan();
  const auto files = RamFiles::open(fake_, shared).value();
  auto ram = GuestRam::create(fake_, shared, files).value();
  ASSERT_TRUE(ram.load(shared.payload.segments.front()));
  const auto &segment = shared.payload.segments.front();
  const Bytes seen = seen_through(files.fd(0), segment.at.value, segment.content().size());
  EXPECT_TRUE(std::ranges::equal(seen, segment.content())) << "images are copied into shared memory";
}

TEST_F(GuestRamTest, BeginsEachLifeWithZeros) {
  const auto shared = shared_plan();
  const auto files = RamFiles::open(fake_, shared).value();
  {
    auto first = GuestRam::create(fake_, shared, files).value();
    ASSERT_TRUE(first.memory().write(GuestAddress{0x5000}, Bytes(16, std::byte{0xff})));
  }
  const auto second = GuestRam::create(fake_, shared, files).value();
  Bytes read(16, std::byte{1});
  ASSERT_TRUE(second.memory().read(GuestAddress{0x5000}, read));
  EXPECT_EQ(read, Bytes(16));
}

TEST_F(GuestRamTest, OfAFolderLeavesNoFileBehind) {
  auto in_folder = plan("power10");
  char folder[] = "/dev/shm/parley-ram.XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  in_folder.memory.folder = folder;
  {
    const auto files = RamFiles::open(fake_, in_folder).value();
    EXPECT_TRUE(GuestRam::create(fake_, in_folder, files));
  }
  EXPECT_EQ(::rmdir(folder), 0) << "it is empty";
}

TEST_F(GuestRamTest, OfAFolderThatIsNoneOrHasNoRoomIsRefused) {
  auto wrong = plan("power10");
  wrong.memory.folder = "/proc/version";
  EXPECT_THAT(RamFiles::open(fake_, wrong).error().why, HasSubstr("ENOTDIR"));
  wrong.memory.folder = "/dev/shm";
  wrong.memory_size = std::uint64_t{1} << 50;
  EXPECT_THAT(RamFiles::open(fake_, wrong).error().why, HasSubstr("are free there"));
}

TEST_F(GuestRamTest, SaysWhatFailedWhenAFileCannotBeCreatedOrMapped) {
  fake_.fail(FakeKvm::kCreateMemoryFile, EMFILE);
  EXPECT_THAT(RamFiles::open(fake_, shared_plan()).error().why, HasSubstr("EMFILE"));
  const auto files = RamFiles::open(fake_, shared_plan()).value();
  fake_.fail(FakeKvm::kMmap, ENOMEM);
  EXPECT_EQ(GuestRam::create(fake_, shared_plan(), files).error().error, ENOMEM);
}

TEST_F(GuestRamTest, OfTwoRegionsHasASlotForEachAndIsOneRangeToTheGuest) {
  auto two = plan("power10");
  two.regions = {{GuestAddress{0}, kHalf}, {GuestAddress{kHalf}, kHalf}};
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake_, two)));
  EXPECT_EQ(fake_.times(abi::kSetUserMemoryRegion), 2);
  EXPECT_EQ(guest::guest_tree(two, two.level).child("memory@80000")->text("device_type"), "memory");
}

TEST_F(GuestRamTest, OfRegionsThatOverlapIsRefused) {
  auto wrong = plan("power10");
  wrong.regions = {{GuestAddress{0}, kHalf}, {GuestAddress{kHalf - guest::kPageSize}, kHalf}};
  EXPECT_EQ(GuestRam::create(fake_, wrong, RamFiles::none()).error().error, EINVAL);
}

}  // namespace
}  // namespace parley::machine
