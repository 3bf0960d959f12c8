// SPDX-License-Identifier: Apache-2.0
#include "parley/papr/rtas.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "parley/base/bytes.hpp"

namespace parley::papr {
namespace {

class RtasTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kNoStatus = 0x55555555;

  static std::uint32_t token(std::string_view name) {
    return std::ranges::find(rtas_calls(), name, &RtasEntry::name)->token;
  }

  void put(std::uint64_t at, const std::vector<std::uint32_t> &cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) store_be(std::span(ram_).subspan(at + 4 * i), cells[i]);
  }
  std::int32_t cell(std::uint64_t at) const {
    return static_cast<std::int32_t>(load_be<std::uint32_t>(std::span(ram_).subspan(at)));
  }
  // Calls with that block at 0; the status is what stands behind the arguments afterwards.
  std::int32_t call(std::uint32_t call_token, std::vector<std::uint32_t> arguments, std::uint32_t results = 1) {
    std::vector<std::uint32_t> block{call_token, static_cast<std::uint32_t>(arguments.size()), results};
    block.insert(block.end(), arguments.begin(), arguments.end());
    block.push_back(kNoStatus);
    put(0, block);
    EXPECT_TRUE(dispatch_rtas(context_, GuestAddress{0}));
    return cell(4 * (block.size() - 1));
  }

  std::string text_;
  std::array<std::byte, 512> ram_{};
  devices::Vty vty_{[this](std::string_view text) { text_ += text; }};
  Context context_{GuestMemory(ram_), vty_, {}, 0};
};

TEST_F(RtasTest, PowerOffEndsTheGuest) {
  EXPECT_EQ(call(token("power-off"), {~0u, ~0u}), 0);
  EXPECT_EQ(context_.shutdown->kind, Shutdown::Kind::kPowerOff);
}

TEST_F(RtasTest, SystemRebootEndsTheGuestWithTheWishToReturn) {
  EXPECT_EQ(call(token("system-reboot"), {}), 0);
  EXPECT_EQ(context_.shutdown->kind, Shutdown::Kind::kReboot);
}

TEST_F(RtasTest, DisplayCharacterWritesOne) {
  EXPECT_EQ(call(token("display-character"), {'x'}), 0);
  EXPECT_EQ(text_, "x");
}

TEST_F(RtasTest, OsTermGivesTheMessageOfThePanic) {
  std::ranges::transform(std::string_view("oops"), ram_.begin() + 256,
                         [](char c) { return static_cast<std::byte>(c); });
  EXPECT_EQ(call(token("ibm,os-term"), {256}), 0);
  EXPECT_EQ(context_.shutdown->kind, Shutdown::Kind::kPanic);
  EXPECT_EQ(context_.shutdown->message, "oops");
}

TEST_F(RtasTest, OsTermWithAMessageThatRunsOutOfRamEndsThere) {
  std::fill(ram_.begin() + 500, ram_.end(), std::byte{'a'});
  EXPECT_EQ(call(token("ibm,os-term"), {500}), 0);
  EXPECT_EQ(context_.shutdown->message, std::string(12, 'a'));
}

TEST_F(RtasTest, OsTermWithAMessageOutsideOfRamHasNone) {
  EXPECT_EQ(call(token("ibm,os-term"), {0xffffffff}), 0);
  EXPECT_EQ(context_.shutdown->message, "");
}

TEST_F(RtasTest, AnUnknownTokenGetsAParameterErrorAndIsCounted) {
  EXPECT_EQ(call(4711, {}), -3);
  EXPECT_EQ(context_.unknown_calls, 1u);
}

TEST_F(RtasTest, AWrongNumberOfArgumentsOrResultsGetsAParameterError) {
  EXPECT_EQ(call(token("power-off"), {1}), -3);
  EXPECT_EQ(call(token("power-off"), {1, 2}, 2), -3);
  EXPECT_FALSE(context_.shutdown);
}

TEST_F(RtasTest, ABlockThatIsMalformedOrLeavesRamIsRefusedWhole) {
  put(0, {1, 17, 1});
  EXPECT_FALSE(dispatch_rtas(context_, GuestAddress{0})) << "too many arguments";
  put(0, {1, 0xffffffff, 2});
  EXPECT_FALSE(dispatch_rtas(context_, GuestAddress{0})) << "a sum that wraps";
  put(0, {1, 1, 0});
  EXPECT_FALSE(dispatch_rtas(context_, GuestAddress{0})) << "no room for a status";
  for (const std::uint64_t at :
       {std::uint64_t{501}, std::uint64_t{511}, std::uint64_t{512}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    EXPECT_FALSE(dispatch_rtas(context_, GuestAddress{at})) << at;
  }
  put(500, {token("system-reboot"), 0, 1});
  EXPECT_FALSE(dispatch_rtas(context_, GuestAddress{500})) << "the status would lie beyond the end";
  EXPECT_FALSE(context_.shutdown);
}

}  // namespace
}  // namespace parley::papr
