// SPDX-License-Identifier: Apache-2.0
#include "console/escape.hpp"

#include <gtest/gtest.h>

namespace parley::console {
namespace {

TEST(Escape, PassesAllOtherBytesToTheGuest) {
  Escape escape;
  const auto typed = escape.take("ls\r\x03x h");
  EXPECT_EQ(typed.for_guest, "ls\r\x03x h");
  EXPECT_FALSE(typed.help || typed.quit);
}

TEST(Escape, QuitsAtCtrlAxAndIgnoresTheRest) {
  Escape escape;
  const auto typed = escape.take("a\1xb");
  EXPECT_TRUE(typed.quit);
  EXPECT_EQ(typed.for_guest, "a");
}

TEST(Escape, RemembersCtrlAUntilTheNextKey) {
  Escape escape;
  EXPECT_EQ(escape.take("a\1").for_guest, "a");
  EXPECT_TRUE(escape.take("x").quit);
}

TEST(Escape, SendsOneCtrlAForTwo) {
  Escape escape;
  EXPECT_EQ(escape.take("\1\1x\1\1\1\1").for_guest, "\1x\1\1");
}

TEST(Escape, HidesTheHelpCommandFromTheGuest) {
  Escape escape;
  const auto typed = escape.take("a\1hb");
  EXPECT_TRUE(typed.help);
  EXPECT_EQ(typed.for_guest, "ab");
}

TEST(Escape, DropsUnknownCommands) {
  Escape escape;
  const auto typed = escape.take("a\1b\1zc");
  EXPECT_EQ(typed.for_guest, "ac");
  EXPECT_FALSE(typed.help || typed.quit);
}

}  // namespace
}  // namespace parley::console
