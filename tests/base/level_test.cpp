// SPDX-License-Identifier: Apache-2.0
#include "parley/base/level.hpp"

#include <gtest/gtest.h>

namespace parley {
namespace {

TEST(Level, IsOrderedByTheTableAndNotByItsNumber) {
  EXPECT_GT(level("power7+").pvr(), level("power11").pvr());
  EXPECT_LT(level("power7+"), level("power8"));
  EXPECT_LT(level("power10"), level("power11"));
  EXPECT_EQ(Level::highest(), level("power11"));
}

TEST(Level, IsFoundByItsNameInAnyCase) {
  EXPECT_EQ(Level::from_name("POWER10"), level("power10"));
  EXPECT_EQ(Level::from_name("Power7+"), level("power7+"));
  EXPECT_EQ(Level::from_name("power12"), std::nullopt);
  EXPECT_EQ(Level::from_name(""), std::nullopt);
}

TEST(Level, IsFoundByItsLogicalPvr) {
  EXPECT_EQ(Level::from_logical(LogicalPvr{0x0f000006}), level("power10"));
  EXPECT_EQ(Level::from_logical(LogicalPvr{0x0f100003}), level("power7+"));
  EXPECT_EQ(Level::from_logical(LogicalPvr{0x0f000001}), std::nullopt);
  EXPECT_EQ(Level::from_logical(kInvalidLogicalPvr), std::nullopt);
}

TEST(Level, IsFoundByTheFamilyOfAPhysicalPvrOfAnyRevision) {
  EXPECT_EQ(Level::from_physical(PhysicalPvr{0x00821200}), level("power11"));
  EXPECT_EQ(Level::from_physical(PhysicalPvr{0x00800100}), level("power10"));
  EXPECT_EQ(Level::from_physical(PhysicalPvr{0x004c0201}), level("power8"));
  EXPECT_EQ(Level::from_physical(PhysicalPvr{0x00700000}), std::nullopt);
}

TEST(Level, TreatsALogicalPvrAboveTheTableAsNewer) {
  EXPECT_TRUE(is_newer_than_known(LogicalPvr{0x0f000008}));
  EXPECT_FALSE(is_newer_than_known(LogicalPvr{0x0f000007}));
  EXPECT_FALSE(is_newer_than_known(LogicalPvr{0x0f100003}));
  EXPECT_FALSE(is_newer_than_known(LogicalPvr{0x0f000001}));
  EXPECT_FALSE(is_newer_than_known(LogicalPvr{0x0f100008}));
  EXPECT_FALSE(is_newer_than_known(kInvalidLogicalPvr));
}

TEST(Level, IsDescribedByItsNameAndNumber) { EXPECT_EQ(describe(level("power9")), "power9 (0x0f000005)"); }

}  // namespace
}  // namespace parley
