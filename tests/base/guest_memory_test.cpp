// SPDX-License-Identifier: Apache-2.0
#include "parley/base/guest_memory.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>

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

TEST_F(GuestMemoryTest, IsNotFooledByARangeThatWrapsRound) {
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

TEST_F(GuestMemoryTest, TouchesNothingWhenARangeIsBad) {
  std::array<std::byte, 2> bytes{std::byte{7}, std::byte{7}};
  EXPECT_FALSE(memory_.write(GuestAddress{255}, bytes));
  EXPECT_EQ(ram_[255], std::byte{0});
  EXPECT_FALSE(memory_.read(GuestAddress{255}, bytes));
  EXPECT_EQ(bytes[0], std::byte{7});
}

}  // namespace
}  // namespace parley
