// SPDX-License-Identifier: Apache-2.0
#include "parley/papr/hcall.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::papr {
namespace {

using ::testing::ElementsAre;

class HcallTest : public ::testing::Test {
 protected:
  Status call(std::uint64_t number, HcallArguments arguments) { return dispatch_hcall(context_, number, arguments); }

  std::string text_;
  std::array<std::byte, 256> ram_{};
  devices::Vty vty_{[this](std::string_view text) { text_ += text; }};
  Context context_{GuestMemory(ram_), vty_, {}, 0};
};

constexpr std::uint64_t kPutTermChar = 0x58;
constexpr std::uint64_t kHello = 0x68656c6c6f000000;  // "hello"

TEST_F(HcallTest, PutTermCharWritesTheFirstCharacterFromTheMostSignificantByte) {
  EXPECT_EQ(call(kPutTermChar, {0, 5, kHello, 0}), Status::kSuccess);
  EXPECT_EQ(text_, "hello");
}

TEST_F(HcallTest, PutTermCharTakesUpToSixteenCharactersFromTwoRegisters) {
  EXPECT_EQ(call(kPutTermChar, {0, 16, 0x3031323334353637, 0x3839616263646566}), Status::kSuccess);
  EXPECT_EQ(text_, "0123456789abcdef");
}

TEST_F(HcallTest, PutTermCharAcceptsTheTerminalsOwnUnit) {
  EXPECT_EQ(call(kPutTermChar, {0x71000000, 5, kHello, 0}), Status::kSuccess);
}

TEST_F(HcallTest, PutTermCharRefusesAnotherTerminalAndTooManyCharacters) {
  EXPECT_EQ(call(kPutTermChar, {1, 5, kHello, 0}), Status::kParameter);
  EXPECT_EQ(call(kPutTermChar, {0, 17, kHello, 0}), Status::kParameter);
  EXPECT_EQ(call(kPutTermChar, {0, ~std::uint64_t{0}, kHello, 0}), Status::kParameter);
  EXPECT_EQ(text_, "");
}

TEST_F(HcallTest, AnUnknownNumberGetsHFunctionAndIsCounted) {
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{0x59}, std::uint64_t{0xf004}, ~std::uint64_t{0}}) {
    EXPECT_EQ(call(number, {}), Status::kFunction) << number;
  }
  EXPECT_EQ(context_.unknown_calls, 4u);
}

TEST_F(HcallTest, RtasWithABlockOutsideOfRamGetsHParameter) { EXPECT_EQ(call(0xf000, {300}), Status::kParameter); }

TEST(Hcalls, AnnounceTheFunctionSetsThatTheyAnswer) { EXPECT_THAT(hypertas_functions(), ElementsAre("hcall-term")); }

TEST(Hcalls, AreAllFoundByTheirNumber) {
  for (const HcallEntry &entry : hcalls()) EXPECT_EQ(find_hcall(entry.number), &entry);
  EXPECT_EQ(find_hcall(0x54), nullptr);
}

}  // namespace
}  // namespace parley::papr
