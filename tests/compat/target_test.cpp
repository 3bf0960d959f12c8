// SPDX-License-Identifier: Apache-2.0
#include "parley/compat/target.hpp"

#include <gtest/gtest.h>

namespace parley::compat {
namespace {

Target parsed(std::string_view text) { return parse_wish(text).value().front().target; }

TEST(Wish, AcceptsEverySpellingOfALevel) {
  const Target power10 = Target::of(level("power10"));
  EXPECT_EQ(parsed("power10"), power10);
  EXPECT_EQ(parsed("POWER10"), power10);
  EXPECT_EQ(parsed("0x0f000006"), power10);
  EXPECT_EQ(parsed("0x0F000006"), power10);
}

TEST(Wish, KeepsAnUnknownLogicalPvr) {
  EXPECT_EQ(parsed("0x0f000008").pvr, LogicalPvr{0x0f000008});
  EXPECT_EQ(parsed("0x0f000008").level(), std::nullopt);
}

TEST(Wish, AcceptsWordsAndLists) {
  const auto wishes = parse_wish("host, raw ,auto,power9").value();
  ASSERT_EQ(wishes.size(), 4u);
  EXPECT_EQ(wishes[0].kind, Request::Kind::kHost);
  EXPECT_TRUE(wishes[1].target.is_raw());
  EXPECT_EQ(wishes[2].kind, Request::Kind::kAuto);
}

TEST(Wish, RefusesTextThatIsNotALevel) {
  for (const char *bad : {"", "banana", "power", "power12", "10", "0x", "0x0", "0x1234567890", "power10,", "-1"}) {
    const auto wish = parse_wish(bad);
    ASSERT_FALSE(wish) << bad;
    EXPECT_FALSE(wish.error().what_to_do.empty());
  }
}

TEST(Target, HasADescriptionForPeopleAndANameForScripts) {
  EXPECT_EQ(describe(Target::of(level("power10"))), "power10 (0x0f000006)");
  EXPECT_EQ(describe(Target::raw()), "raw (no level set)");
  EXPECT_EQ(short_name(Target{LogicalPvr{0x0f000008}}), "0x0f000008");
  EXPECT_EQ(short_name(Target::raw()), "raw");
}

}  // namespace
}  // namespace parley::compat
