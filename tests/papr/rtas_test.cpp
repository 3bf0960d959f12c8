// SPDX-License-Identifier: Apache-2.0
#include "parley/papr/rtas.hpp"

#include <gmock/gmock.h>

#include <chrono>

#include "context.hpp"
#include "guests.hpp"

namespace parley::papr {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint32_t kUntouched = 0x55555555;

class RtasTest : public parley::testing::PaprTest {
 protected:
  static const RtasEntry &entry(std::string_view name) {
    return *std::ranges::find(rtas_calls(), name, &RtasEntry::name);
  }

  // Makes a call with the block at 0, and stores the results in results_.
  std::int32_t call(std::uint32_t token, const std::vector<std::uint32_t> &arguments, std::uint32_t results) {
    std::vector<std::uint32_t> block{token, static_cast<std::uint32_t>(arguments.size()), results};
    block.insert(block.end(), arguments.begin(), arguments.end());
    const std::size_t results_at = 4 * block.size();
    block.insert(block.end(), results + 1, kUntouched);
    put_cells(0, block);
    EXPECT_EQ(take(dispatch_rtas(context_, GuestAddress{0})), Status::kSuccess);
    results_.clear();
    for (std::uint32_t i = 1; i < results; ++i) results_.push_back(cell(results_at + 4 * i));
    EXPECT_EQ(cell(results_at + 4 * results), kUntouched) << "the call must not write behind the results";
    return static_cast<std::int32_t>(cell(results_at));
  }
  std::int32_t call(std::string_view name, const std::vector<std::uint32_t> &arguments) {
    return call(entry(name).token, arguments, entry(name).results);
  }

  std::vector<std::uint32_t> results_;  // of the last call, without the status
};

// --- The end of a guest

TEST_F(RtasTest, PowerOffEndsTheGuest) {
  EXPECT_EQ(call("power-off", {~0u, ~0u}), 0);
  EXPECT_EQ(shutdown_->kind, Shutdown::Kind::kPowerOff);
}

TEST_F(RtasTest, SystemRebootEndsTheGuestForAReboot) {
  EXPECT_EQ(call("system-reboot", {}), 0);
  EXPECT_EQ(shutdown_->kind, Shutdown::Kind::kReboot);
}

TEST_F(RtasTest, OsTermPassesOnTheMessageOfThePanic) {
  put_text(0x100, "oops");
  EXPECT_EQ(call("ibm,os-term", {0x100}), 0);
  EXPECT_EQ(shutdown_->kind, Shutdown::Kind::kPanic);
  EXPECT_EQ(shutdown_->message, "oops");
}

TEST_F(RtasTest, OsTermTruncatesAMessageWithoutAnEnd) {
  std::fill(ram_.begin() + 0x100, ram_.end(), std::byte{'a'});
  EXPECT_EQ(call("ibm,os-term", {0x100}), 0);
  EXPECT_EQ(shutdown_->message, std::string(1024, 'a'));
  EXPECT_EQ(call("ibm,os-term", {kRamSize - 12}), 0);
  EXPECT_EQ(shutdown_->message, std::string(12, 'a')) << "RAM ends there";
  EXPECT_EQ(call("ibm,os-term", {0xffffffff}), 0);
  EXPECT_EQ(shutdown_->message, "");
}

// --- The console

TEST_F(RtasTest, DisplayCharacterWritesOneCharacter) {
  EXPECT_EQ(call("display-character", {0x12345600 + 'x'}), 0);
  EXPECT_EQ(output(), "x");
}

TEST_F(RtasTest, DisplayCharacterToAFullConsoleAsksForARepeatedCall) {
  fill_console();
  call("display-character", {'x'});
  EXPECT_TRUE(console_full_);
  output();
  EXPECT_EQ(call("display-character", {'x'}), 0);
  EXPECT_EQ(output(), "x");
}

// --- The time of day

TEST_F(RtasTest, GetTimeOfDaySplitsTheGuestsClockIntoItsParts) {
  using namespace std::chrono;
  const auto before = clock().now();
  EXPECT_EQ(call("get-time-of-day", {}), 0);
  const auto after = clock().now();
  ASSERT_EQ(results_.size(), 7u);
  const year_month_day date{year(static_cast<int>(results_[0])), month(results_[1]), day(results_[2])};
  const devices::Clock::Time told = devices::Clock::Time(sys_days(date)) + hours(results_[3]) + minutes(results_[4]) +
                                    seconds(results_[5]) + nanoseconds(results_[6]);
  EXPECT_LE(before, told);
  EXPECT_LE(told, after);
}

TEST_F(RtasTest, SetTimeOfDayMovesTheGuestsClock) {
  using namespace std::chrono;
  for (const auto &[parts, time] :
       {std::pair{std::vector<std::uint32_t>{2024, 2, 29, 23, 30, 15, 999'999'999},
                  devices::Clock::Time(sys_days(2024y / 2 / 29)) + 23h + 30min + 15s + 999'999'999ns},
        {{1970, 1, 1, 0, 0, 0, 0}, devices::Clock::Time()},
        {{2200, 12, 31, 23, 59, 59, 0}, devices::Clock::Time(sys_days(2200y / 12 / 31)) + 23h + 59min + 59s}}) {
    EXPECT_EQ(call("set-time-of-day", parts), 0);
    EXPECT_GE(clock().now(), time);
    EXPECT_LT(clock().now(), time + 1min);
  }
}

TEST_F(RtasTest, SetTimeOfDayRefusesInvalidTimes) {
  const auto host_time = std::chrono::system_clock::now();
  for (const std::vector<std::uint32_t> &bad : std::vector<std::vector<std::uint32_t>>{
           {1969, 12, 31, 0, 0, 0, 0},
           {2201, 1, 1, 0, 0, 0, 0},
           {0xffffffff, 1, 1, 0, 0, 0, 0},
           {2025, 0, 1, 0, 0, 0, 0},
           {2025, 13, 1, 0, 0, 0, 0},
           {2025, 257, 1, 0, 0, 0, 0},  // 1 if it is truncated to a byte
           {2025, 1, 0, 0, 0, 0, 0},
           {2025, 1, 32, 0, 0, 0, 0},
           {2025, 1, 257, 0, 0, 0, 0},
           {2025, 2, 29, 0, 0, 0, 0},
           {2025, 4, 31, 0, 0, 0, 0},
           {2025, 1, 1, 24, 0, 0, 0},
           {2025, 1, 1, 0, 60, 0, 0},
           {2025, 1, 1, 0, 0, 60, 0},
           {2025, 1, 1, 0, 0, 0, 1'000'000'000},
           {2025, 1, 1, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       })
    EXPECT_EQ(call("set-time-of-day", bad), -3) << ::testing::PrintToString(bad);
  EXPECT_LT(clock().now(), host_time + std::chrono::minutes(1)) << "the clock still shows the host's time";
  EXPECT_GE(clock().now(), host_time);
}

// --- NVRAM

constexpr std::uint32_t kNvramSize = devices::Nvram::kSize;

TEST_F(RtasTest, NvramReturnsTheStoredBytes) {
  put_text(0x100, "parley");
  EXPECT_EQ(call("nvram-store", {1000, 0x100, 7}), 0);
  EXPECT_THAT(results_, ElementsAre(7));
  EXPECT_EQ(call("nvram-fetch", {1000, 0x200, 7}), 0);
  EXPECT_THAT(results_, ElementsAre(7));
  EXPECT_EQ(text_at(0x200), "parley");
}

TEST_F(RtasTest, NvramIsStoredAndFetchedUpToItsEnd) {
  put_text(kRamSize - 8, "1234567");
  EXPECT_EQ(call("nvram-store", {kNvramSize - 3, kRamSize - 8, 8}), 0);
  EXPECT_THAT(results_, ElementsAre(3));
  EXPECT_EQ(call("nvram-fetch", {kNvramSize - 4, kRamSize - 4, 100}), 0) << "four bytes fit into RAM exactly";
  EXPECT_THAT(results_, ElementsAre(4));
  EXPECT_THAT(ram(kRamSize - 4), ElementsAre(std::byte{0}, std::byte{'1'}, std::byte{'2'}, std::byte{'3'}));
}

TEST_F(RtasTest, NvramCanBeFetchedInOneCall) {
  EXPECT_EQ(call("nvram-store", {kNvramSize - 1, 0, 1}), 0);
  EXPECT_EQ(call("nvram-fetch", {0x100, 0x100, kNvramSize - 0x100}), 0);
  EXPECT_THAT(results_, ElementsAre(kNvramSize - 0x100));
}

TEST_F(RtasTest, NvramRefusesRangesOutsideItselfOrOutsideRam) {
  for (const std::string_view name : {"nvram-fetch", "nvram-store"}) {
    for (const std::vector<std::uint32_t> &bad : std::vector<std::vector<std::uint32_t>>{
             {kNvramSize, 0x100, 1},
             {0xffffffff, 0x100, 1},
             {0, kRamSize, 1},
             {0, kRamSize - 4, 5},
             {0, 0xffffffff, 2},
             {0, 0xffffffff, 0xffffffff},
             {0xffffffff, 0xffffffff, 0xffffffff},
         }) {
      EXPECT_EQ(call(name, bad), -3) << name << ::testing::PrintToString(bad);
      EXPECT_THAT(results_, ElementsAre(0)) << name;
    }
  }
  EXPECT_EQ(call("nvram-store", {0, 0, kNvramSize + 1}), -3);
  EXPECT_THAT(nvram().read(16, kNvramSize), Each(std::byte{0}));
}

// --- Processors

TEST_F(RtasTest, StartCpuStartsAStoppedProcessor) {
  EXPECT_EQ(call("start-cpu", {1, 0x8000, 0xfedcba98}), 0);
  EXPECT_THAT(partition_.asked, ElementsAre("start 1 at 0x0000000000008000 with 0x00000000fedcba98"));
}

TEST_F(RtasTest, StartCpuRefusesARunningOrAnUnknownProcessor) {
  EXPECT_EQ(call("start-cpu", {0, 0x8000, 0}), -1);
  EXPECT_EQ(call("start-cpu", {2, 0x8000, 0}), -3);
  EXPECT_EQ(call("start-cpu", {0xffffffff, 0x8000, 0}), -3);
  EXPECT_THAT(partition_.asked, IsEmpty());
}

TEST_F(RtasTest, StartCpuReportsARefusalOfTheKernel) {
  partition_.starts = false;
  EXPECT_EQ(call("start-cpu", {1, 0x8000, 0}), -1);
}

TEST_F(RtasTest, StopSelfStopsTheCaller) {
  EXPECT_EQ(call("stop-self", {}), 0);
  EXPECT_TRUE(stops_caller_);
}

TEST_F(RtasTest, QueryCpuStoppedStateReturnsTheState) {
  EXPECT_EQ(call("query-cpu-stopped-state", {0}), 0);
  EXPECT_THAT(results_, ElementsAre(2));
  EXPECT_EQ(call("query-cpu-stopped-state", {1}), 0);
  EXPECT_THAT(results_, ElementsAre(0));
  EXPECT_EQ(call("query-cpu-stopped-state", {2}), -3);
}

// --- The table

TEST_F(RtasTest, CallsThatBelongToKvmAndUnknownTokensGetAParameterErrorAndAreCounted) {
  for (const std::string_view name : {"ibm,set-xive", "ibm,get-xive", "ibm,int-off", "ibm,int-on"})
    EXPECT_EQ(call(name, std::vector<std::uint32_t>(entry(name).arguments)), -3) << name;
  for (const std::uint32_t token : {0u, 4711u, 0xffffffffu}) EXPECT_EQ(call(token, {}, 1), -3) << token;
  EXPECT_EQ(unknown_calls_, 7u);
}

TEST_F(RtasTest, EveryCallRequiresItsNumbersOfArgumentsAndResults) {
  for (const RtasEntry &wanted : rtas_calls()) {
    const std::vector<std::uint32_t> arguments(wanted.arguments);
    std::vector<std::uint32_t> more = arguments;
    more.push_back(0);
    EXPECT_EQ(call(wanted.token, more, wanted.results), -3) << wanted.name;
    EXPECT_EQ(call(wanted.token, arguments, wanted.results + 1), -3) << wanted.name;
    if (arguments.empty()) continue;
    EXPECT_EQ(call(wanted.token, {arguments.begin() + 1, arguments.end()}, wanted.results), -3) << wanted.name;
  }
  EXPECT_THAT(partition_.asked, IsEmpty());
  EXPECT_FALSE(shutdown_);
  EXPECT_EQ(output(), "");
}

TEST_F(RtasTest, EachCallIsTracedByItsName) {
  call("query-cpu-stopped-state", {7});
  call("stop-self", {});
  call(4711, {}, 1);
  EXPECT_THAT(trace_,
              ElementsAre("RTAS query-cpu-stopped-state: -3", "RTAS stop-self: 0", "RTAS unknown token 4711: -3"));
}

TEST_F(RtasTest, EveryCallHasItsTokenInTheGuestsTree) {
  const fdt::Node tree = parley::testing::reference_tree();
  const fdt::Node &rtas = *tree.child("rtas");
  for (const RtasEntry &call : rtas_calls()) {
    const auto *property = rtas.property(call.name);
    ASSERT_NE(property, nullptr) << call.name;
    ASSERT_EQ(property->value.size(), 4u) << call.name;
    EXPECT_EQ(load_be<std::uint32_t>(property->value), call.token) << call.name;
  }
}

// --- The argument block

TEST_F(RtasTest, ABlockMayEndAtTheEndOfRam) {
  const std::uint64_t at = kRamSize - 16;
  put_cells(at, {entry("system-reboot").token, 0, 1, kUntouched});
  EXPECT_EQ(take(dispatch_rtas(context_, GuestAddress{at})), Status::kSuccess);
  EXPECT_EQ(cell(at + 12), 0u);
}

TEST_F(RtasTest, ABlockThatIsMalformedOrExtendsBeyondRamFailsTheHcall) {
  const std::uint32_t reboot = entry("system-reboot").token;
  for (const std::vector<std::uint32_t> &bad : std::vector<std::vector<std::uint32_t>>{
           {reboot, 17, 1},          // too many arguments
           {reboot, 16, 1},          // too many cells
           {reboot, 0xffffffff, 2},  // a sum that wraps
           {reboot, 2, 0xffffffff},
           {reboot, 0, 17},
           {reboot, 0, 0},  // no room for a status
       }) {
    put_cells(0, bad);
    EXPECT_EQ(take(dispatch_rtas(context_, GuestAddress{0})), Status::kParameter) << ::testing::PrintToString(bad);
  }
  for (const std::uint64_t at : {std::uint64_t{kRamSize} - 11, std::uint64_t{kRamSize}, std::uint64_t{1} << 40,
                                 ~std::uint64_t{0}, ~std::uint64_t{0} - 11})
    EXPECT_EQ(take(dispatch_rtas(context_, GuestAddress{at})), Status::kParameter) << at;
  put_cells(kRamSize - 12, {reboot, 0, 1});
  EXPECT_EQ(take(dispatch_rtas(context_, GuestAddress{kRamSize - 12})), Status::kParameter)
      << "the status would be beyond the end";
  EXPECT_FALSE(shutdown_);
  EXPECT_THAT(trace_, IsEmpty());
}

TEST(RtasEntryCode, PassesTheBlockInR3ToTheHcall) {
  constexpr std::uint32_t kCode[] = {0x7c641b78, 0x3c600000, 0x6063f000, 0x44000022, 0x4e800020};
  ASSERT_EQ(rtas_entry_code().size(), sizeof kCode);
  for (std::size_t i = 0; i < std::size(kCode); ++i)
    EXPECT_EQ(load_be<std::uint32_t>(rtas_entry_code().subspan(4 * i)), kCode[i]) << i;
}

}  // namespace
}  // namespace parley::papr
