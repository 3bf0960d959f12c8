// SPDX-License-Identifier: Apache-2.0
#include "parley/devices/bus.hpp"

#include <gtest/gtest.h>

namespace parley::devices {
namespace {

using TestBus = Bus<int>;
using Error = TestBus::Error;

constexpr std::uint64_t kLast = ~std::uint64_t{0};

class BusTest : public ::testing::Test {
 protected:
  int low_ = 1;
  int high_ = 2;
  TestBus bus_ = TestBus::build({{0x3000, 0x1000, &high_}, {0x1000, 0x1000, &low_}}).value();
};

TEST_F(BusTest, FindsTheHandlerAndTheOffset) {
  EXPECT_EQ(bus_.find(0x1000)->handler, &low_);
  EXPECT_EQ(bus_.find(0x1000)->offset, 0u);
  EXPECT_EQ(bus_.find(0x3ff8, 8)->handler, &high_);
  EXPECT_EQ(bus_.find(0x3ff8, 8)->offset, 0xff8u);
}

TEST_F(BusTest, FindsNoHandlerOutsideTheRanges) {
  for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{0xfff}, std::uint64_t{0x2000}, std::uint64_t{0x2fff},
                                 std::uint64_t{0x4000}, kLast})
    EXPECT_FALSE(bus_.find(at)) << at;
  EXPECT_FALSE(TestBus().find(0));
}

TEST_F(BusTest, FindsNoHandlerForAnAccessAcrossTheEndOfARange) {
  EXPECT_FALSE(bus_.find(0x1ffd, 4));
  EXPECT_TRUE(bus_.find(0x1ffc, 4));
  EXPECT_FALSE(bus_.find(0xffe, 4));
  EXPECT_FALSE(bus_.find(0x1000, kLast)) << "the sum would wrap around";
}

TEST_F(BusTest, IsNotBuiltFromOverlappingRanges) {
  EXPECT_EQ(TestBus::build({{0, 0x1001, &low_}, {0x1000, 1, &high_}}).error(), Error::kOverlap);
  EXPECT_EQ(TestBus::build({{8, 4, &low_}, {8, 4, &high_}}).error(), Error::kOverlap);
  EXPECT_TRUE(TestBus::build({{0, 0x1000, &low_}, {0x1000, 1, &high_}}));
}

TEST_F(BusTest, IsNotBuiltFromAnEmptyOrWrappingRange) {
  EXPECT_EQ(TestBus::build({{0, 0, &low_}}).error(), Error::kEmptyRange);
  EXPECT_EQ(TestBus::build({{kLast, 1, &low_}}).error(), Error::kWrapsAround);
  EXPECT_TRUE(TestBus::build({{kLast - 1, 1, &low_}}));
}

TEST_F(BusTest, FindsNoHandlerAtAReservedAddressWhichNoOtherDeviceMayHave) {
  EXPECT_FALSE(TestBus::build({{8, 4, nullptr}})->find(8, 4));
  EXPECT_EQ(TestBus::build({{8, 4, nullptr}, {8, 4, &high_}}).error(), Error::kOverlap);
}

}  // namespace
}  // namespace parley::devices
