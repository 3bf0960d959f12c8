// SPDX-License-Identifier: Apache-2.0
#include "parley/base/text.hpp"

#include <gtest/gtest.h>

#include "parley/base/bytes.hpp"
#include "parley/base/failure.hpp"

namespace parley {
namespace {

TEST(Text, ConvertsOnlyAsciiLettersToUpperCase) {
  EXPECT_EQ(to_upper("level 9, ä"), "LEVEL 9, ä");
  EXPECT_EQ(to_upper(""), "");
}

TEST(Text, WritesHexadecimalNumbersWithAllTheirDigits) {
  EXPECT_EQ(hex32(0xf), "0x0000000f");
  EXPECT_EQ(hex64(0xffffffffffffffea), "0xffffffffffffffea");
}

TEST(Text, ParsesANumberOnlyFromTheWholeText) {
  std::uint64_t number = 0;
  EXPECT_TRUE(parse_number("0x0f000006", number));
  EXPECT_EQ(number, 0x0f000006u);
  EXPECT_TRUE(parse_number("42", number));
  EXPECT_EQ(number, 42u);
  for (const char *bad : {"", "0x", "12x", " 1", "-1", "0x1g", "18446744073709551616"}) {
    EXPECT_FALSE(parse_number(bad, number)) << bad;
  }
}

TEST(Text, TrimsWhiteSpaceAtBothEnds) {
  EXPECT_EQ(trim(" \ta b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
}

TEST(Text, EscapesControlCharactersAndOtherBytes) { EXPECT_EQ(printable("a\n\x1b[31mb\xff"), "a\\x0a\\x1b[31mb\\xff"); }

TEST(Bytes, AreBigEndian) {
  std::array<std::byte, 4> bytes{};
  store_be<std::uint32_t>(bytes, 0x0f000006);
  EXPECT_EQ(bytes[0], std::byte{0x0f});
  EXPECT_EQ(bytes[3], std::byte{0x06});
  EXPECT_EQ(load_be<std::uint32_t>(bytes), 0x0f000006u);
}

TEST(Bytes, CountBitsFromTheLeft) {
  EXPECT_EQ(ppc_bit(0), 0x8000000000000000);
  EXPECT_EQ(ppc_bit(63), 1u);
}

TEST(Failure, NamesAnErrnoAndFallsBackToItsNumber) {
  EXPECT_EQ(errno_name(22), "EINVAL");
  EXPECT_EQ(errno_name(4711), "errno 4711");
  EXPECT_EQ(errno_text(22), "EINVAL (Invalid argument)");
}

TEST(Text, ParsesWholeSecondsUpToADay) {
  EXPECT_EQ(parse_seconds("1"), std::chrono::seconds(1));
  EXPECT_EQ(parse_seconds("86400"), std::chrono::hours(24));
  for (const char *wrong : {"", "0", "86401", "1.5", "-1", "10s"})
    EXPECT_EQ(parse_seconds(wrong), std::nullopt) << wrong;
}

}  // namespace
}  // namespace parley
