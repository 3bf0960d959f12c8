// SPDX-License-Identifier: Apache-2.0
#include "parley/base/guest_memory.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <vector>

namespace parley {
namespace {

class GuestMemoryTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();
  std::array<std::byte, 256> ram_{};
  GuestMemory memory_{ram_};
};

TEST_F(GuestMemoryTest, ContainsARangeThatEndsWithIt) {
  EXPECT_TRUE(memory_.contains(GuestAddress{0}, 256));
  EXPECT_TRUE(memory_.contains(GuestAddress{255}, 1));
  EXPECT_TRUE(memory_.contains(GuestAddress{256}, 0));
}

TEST_F(GuestMemoryTest, DoesNotContainARangeThatCrossesItsEnd) {
  EXPECT_FALSE(memory_.contains(GuestAddress{0}, 257));
  EXPECT_FALSE(memory_.contains(GuestAddress{255}, 2));
  EXPECT_FALSE(memory_.contains(GuestAddress{256}, 1));
  EXPECT_FALSE(memory_.contains(GuestAddress{257}, 0));
}

TEST_F(GuestMemoryTest, DoesNotContainARangeThatWrapsAround) {
  EXPECT_FALSE(memory_.contains(GuestAddress{kLast}, 1));
  EXPECT_FALSE(memory_.contains(GuestAddress{kLast}, 2));
  EXPECT_FALSE(memory_.contains(GuestAddress{1}, kLast));
  EXPECT_FALSE(memory_.contains(GuestAddress{kLast - 10}, 20));
}

TEST_F(GuestMemoryTest, CopiesInBothDirections) {
  const std::array<std::byte, 2> out{std::byte{1}, std::byte{2}};
  std::array<std::byte, 2> in{};
  EXPECT_TRUE(memory_.write(GuestAddress{254}, out));
  EXPECT_TRUE(memory_.read(GuestAddress{254}, in));
  EXPECT_EQ(in, out);
}

TEST_F(GuestMemoryTest, CopiesNothingWhenARangeIsOutsideOfRam) {
  std::array<std::byte, 2> bytes{std::byte{7}, std::byte{7}};
  EXPECT_FALSE(memory_.write(GuestAddress{255}, bytes));
  EXPECT_EQ(ram_[255], std::byte{0});
  EXPECT_FALSE(memory_.read(GuestAddress{255}, bytes));
  EXPECT_EQ(bytes[0], std::byte{7});
}

// [0x100, 0x180) and [0x180, 0x200) touch; [0x280, 0x300) follows a hole.
class RegionsTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();
  static std::array<std::byte, 6> counted() {
    return {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}, std::byte{5}, std::byte{6}};
  }
  std::array<std::byte, 0x80> low_{};
  std::array<std::byte, 0x80> middle_{};
  std::array<std::byte, 0x80> high_{};
  std::array<GuestMemory::Region, 3> regions_{
      {{GuestAddress{0x100}, low_}, {GuestAddress{0x180}, middle_}, {GuestAddress{0x280}, high_}}};
  GuestMemory memory_ = GuestMemory::over(regions_).value();
};

TEST_F(RegionsTest, AreOneRangeWhereTheyTouch) {
  EXPECT_TRUE(memory_.contains(GuestAddress{0x100}, 0x100));
  EXPECT_TRUE(memory_.contains(GuestAddress{0x17f}, 2));
  EXPECT_TRUE(memory_.contains(GuestAddress{0x200}, 0));
  EXPECT_TRUE(memory_.contains(GuestAddress{0x280}, 0x80));
}

TEST_F(RegionsTest, DoNotContainTheHoleBetweenThem) {
  EXPECT_FALSE(memory_.contains(GuestAddress{0xff}, 2));
  EXPECT_FALSE(memory_.contains(GuestAddress{0x100}, 0x101));
  EXPECT_FALSE(memory_.contains(GuestAddress{0x1ff}, 0x90)) << "both ends are RAM, the middle is not";
  EXPECT_FALSE(memory_.contains(GuestAddress{0x240}, 0));
  EXPECT_FALSE(memory_.contains(GuestAddress{0x27f}, 2));
  EXPECT_FALSE(memory_.contains(GuestAddress{0x2ff}, 2));
  EXPECT_FALSE(memory_.contains(GuestAddress{0x100}, kLast));
  EXPECT_FALSE(memory_.contains(GuestAddress{kLast}, 1));
  EXPECT_FALSE(memory_.contains(GuestAddress{kLast}, 2));
}

TEST_F(RegionsTest, AreCopiedInPiecesByAnAccessAcrossTheirBorder) {
  EXPECT_TRUE(memory_.write(GuestAddress{0x17d}, counted()));
  EXPECT_EQ(low_[0x7f], std::byte{3});
  EXPECT_EQ(middle_[0], std::byte{4});
  std::array<std::byte, 6> read{};
  EXPECT_TRUE(memory_.read(GuestAddress{0x17d}, read));
  EXPECT_EQ(read, counted());
}

TEST_F(RegionsTest, AreReadAndWrittenBehindAHole) {
  EXPECT_TRUE(memory_.write(GuestAddress{0x2fa}, counted()));
  EXPECT_EQ(high_[0x7f], std::byte{6});
  std::array<std::byte, 6> read{};
  EXPECT_TRUE(memory_.read(GuestAddress{0x2fa}, read));
  EXPECT_EQ(read, counted());
}

TEST_F(RegionsTest, StayAsTheyAreWhenAnAccessTouchesAHole) {
  EXPECT_FALSE(memory_.write(GuestAddress{0x1fd}, counted()));
  EXPECT_EQ(middle_[0x7d], std::byte{0});
  std::array<std::byte, 6> read{};
  EXPECT_FALSE(memory_.read(GuestAddress{0x27d}, read));
  EXPECT_EQ(read[5], std::byte{0});
}

TEST_F(RegionsTest, AreRefusedWhenTheyOverlapOrWrapAroundOrAreEmpty) {
  using Region = GuestMemory::Region;
  const auto refused = [](std::vector<Region> regions) { return !GuestMemory::over(regions).has_value(); };
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused({{GuestAddress{0}, {}}}));
  EXPECT_TRUE(refused({{GuestAddress{0}, low_}, {GuestAddress{0x7f}, middle_}}));
  EXPECT_TRUE(refused({{GuestAddress{0x180}, low_}, {GuestAddress{0x100}, middle_}})) << "not sorted";
  EXPECT_TRUE(refused({{GuestAddress{kLast - 0x7f}, low_}}));
  EXPECT_FALSE(refused({{GuestAddress{kLast - 0x80}, low_}}));
}

}  // namespace
}  // namespace parley
