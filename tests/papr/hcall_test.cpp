// SPDX-License-Identifier: Apache-2.0
#include "parley/papr/hcall.hpp"

#include <gmock/gmock.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <map>

#include "context.hpp"
#include "guests.hpp"
#include "parley/base/text.hpp"
#include "parley/papr/open_firmware.hpp"
#include "parley/papr/rtas.hpp"

namespace parley::papr {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class HcallTest : public parley::testing::PaprTest {
 protected:
  Status call(std::string_view name, HcallRegisters registers) {
    const auto entry = std::ranges::find(hcalls(), name, &HcallEntry::name);
    registers_ = registers;
    return take(dispatch_hcall(context_, entry->number, &*entry, registers_));
  }

  HcallRegisters registers_{};  // of the last call
};

constexpr std::uint64_t kHello = 0x68656c6c6f000000;  // "hello"
constexpr std::uint64_t kNewRadixTable = 0x1c;
constexpr std::uint64_t kGtse = 0x1;
constexpr std::uint64_t kLittleEndian = 4;
constexpr std::uint64_t kInterruptLocation = 3;

// --- The terminal

TEST_F(HcallTest, PutTermCharWritesTheFirstCharacterFromTheMostSignificantByte) {
  EXPECT_EQ(call("H_PUT_TERM_CHAR", {0, 5, kHello, 0}), Status::kSuccess);
  EXPECT_EQ(output(), "hello");
}

TEST_F(HcallTest, PutTermCharTakesUpToSixteenCharactersFromTwoRegisters) {
  EXPECT_EQ(call("H_PUT_TERM_CHAR", {0x71000000, 16, 0x3031323334353637, 0x3839616263646566}), Status::kSuccess);
  EXPECT_EQ(output(), "0123456789abcdef");
}

TEST_F(HcallTest, PutTermCharOnAFullConsoleAsksToBeCalledAgainAndLosesNothing) {
  fill_console();
  call("H_PUT_TERM_CHAR", {0, 5, kHello, 0});
  EXPECT_TRUE(console_full_);
  EXPECT_EQ(output(), std::string(devices::Vty::kOutputLimit, '-'));
  EXPECT_EQ(call("H_PUT_TERM_CHAR", {0, 5, kHello, 0}), Status::kSuccess);
  EXPECT_FALSE(console_full_);
  EXPECT_EQ(output(), "hello");
}

TEST_F(HcallTest, GetTermCharPacksSixteenCharactersIntoTwoRegistersAndKeepsTheRest) {
  vty().feed("0123456789abcdefX");
  EXPECT_EQ(call("H_GET_TERM_CHAR", {0}), Status::kSuccess);
  EXPECT_THAT(std::span(registers_).first(3), ElementsAre(16, 0x3031323334353637, 0x3839616263646566));
  EXPECT_EQ(call("H_GET_TERM_CHAR", {0x71000000}), Status::kSuccess);
  EXPECT_THAT(std::span(registers_).first(3), ElementsAre(1, std::uint64_t{'X'} << 56, 0));
  EXPECT_EQ(call("H_GET_TERM_CHAR", {0}), Status::kSuccess);
  EXPECT_THAT(std::span(registers_).first(3), ElementsAre(0, 0, 0));
}

TEST_F(HcallTest, GetTermCharLeavesOutANulBehindACarriageReturn) {
  vty().feed(std::string_view("\r\0a\0b", 5));
  EXPECT_EQ(call("H_GET_TERM_CHAR", {0}), Status::kSuccess);
  EXPECT_THAT(std::span(registers_).first(2), ElementsAre(4, 0x0d61006200000000));
}

TEST_F(HcallTest, GetTermCharOfAnotherTerminalLeavesTheInput) {
  vty().feed("x");
  EXPECT_EQ(call("H_GET_TERM_CHAR", {1}), Status::kParameter);
  EXPECT_EQ(vty().input_room(), devices::Vty::kInputLimit - 1);
}

TEST_F(HcallTest, VioSignalTakesBothModes) {
  EXPECT_EQ(call("H_VIO_SIGNAL", {0x71000000, 0}), Status::kSuccess);
  EXPECT_EQ(call("H_VIO_SIGNAL", {0x71000000, 1}), Status::kSuccess);
}

// --- What concerns the processors

TEST_F(HcallTest, SetModeSetsHowInterruptsAreTaken) {
  EXPECT_EQ(call("H_SET_MODE", {1, kLittleEndian}), Status::kSuccess);
  EXPECT_EQ(call("H_SET_MODE", {0, kLittleEndian}), Status::kSuccess);
  EXPECT_EQ(call("H_SET_MODE", {3, kInterruptLocation}), Status::kSuccess);
  EXPECT_EQ(call("H_SET_MODE", {0, kInterruptLocation}), Status::kSuccess);
  EXPECT_THAT(partition_.asked, ElementsAre("little-endian interrupts on", "little-endian interrupts off",
                                            "translated interrupts on", "translated interrupts off"));
}

TEST_F(HcallTest, SetModeSaysWhenTheKernelRefuses) {
  partition_.changes_interrupts = false;
  EXPECT_EQ(call("H_SET_MODE", {1, kLittleEndian}), Status::kUnsupportedFlag);
  EXPECT_EQ(call("H_SET_MODE", {3, kInterruptLocation}), Status::kUnsupportedFlag);
}

TEST_F(HcallTest, RegisterProcTblMakesTheEntryOfARadixGuest) {
  EXPECT_EQ(call("H_REGISTER_PROC_TBL", {kNewRadixTable | kGtse, 0x1000000, 0, 12}), Status::kSuccess);
  EXPECT_EQ(call("H_REGISTER_PROC_TBL", {kNewRadixTable, 0x0ffffffffffff000, 0, 24}), Status::kSuccess);
  EXPECT_THAT(partition_.asked,
              ElementsAre("process table 0x800000000100000c with GTSE", "process table 0x8ffffffffffff018"));
}

TEST_F(HcallTest, RegisterProcTblTranslatesTheKernelsErrors) {
  for (const auto &[error, status] : {std::pair{EINVAL, Status::kParameter},
                                      {ENODEV, Status::kNotAvailable},
                                      {EBUSY, Status::kHardware},
                                      {EIO, Status::kHardware}}) {
    partition_.process_table_error = error;
    EXPECT_EQ(call("H_REGISTER_PROC_TBL", {kNewRadixTable, 0x1000000, 0, 12}), status) << error;
  }
}

TEST_F(HcallTest, CpuCharacteristicsAreTheHostsOrNoneAtAll) {
  EXPECT_EQ(call("H_GET_CPU_CHARACTERISTICS", {}), Status::kFunction);
  partition_.known_characteristics = {0x123, 0x456};
  EXPECT_EQ(call("H_GET_CPU_CHARACTERISTICS", {}), Status::kSuccess);
  EXPECT_THAT(std::span(registers_).first(2), ElementsAre(0x123, 0x456));
}

TEST_F(HcallTest, RandomNumbersDiffer) {
  EXPECT_EQ(call("H_RANDOM", {}), Status::kSuccess);
  const auto first = registers_[0];
  EXPECT_EQ(call("H_RANDOM", {}), Status::kSuccess);
  EXPECT_NE(registers_[0], first);
}

TEST_F(HcallTest, SetSprg0SetsTheCallersOrSaysThatItCannot) {
  context_.caller = VcpuId{3};
  EXPECT_EQ(call("H_SET_SPRG0", {0xcafebabedeadbeef}), Status::kSuccess);
  EXPECT_THAT(partition_.asked, ElementsAre("SPRG0 of 3 0xcafebabedeadbeef"));
  partition_.takes_sprg0 = false;
  EXPECT_EQ(call("H_SET_SPRG0", {0}), Status::kHardware);
}

// --- Memory

constexpr std::uint64_t kZeroPage = ppc_bit(48);
constexpr std::uint64_t kCopyPage = ppc_bit(49);

TEST_F(HcallTest, PageInitClearsAPageAndNothingElse) {
  put_cells(0x1ffc, {1, 2});
  put_cells(0x2ffc, {3, 4});
  EXPECT_EQ(call("H_PAGE_INIT", {kZeroPage, 0x2000}), Status::kSuccess);
  EXPECT_THAT(cells_at(0x1ffc, 2), ElementsAre(1u, 0u));
  EXPECT_THAT(cells_at(0x2ffc, 2), ElementsAre(0, 4));
}

TEST_F(HcallTest, PageInitCopiesAPageAlsoWhereItIsAskedToClearIt) {
  put_cells(0x1000, {11, 12});
  put_cells(0x1ffc, {13, 14});
  EXPECT_EQ(call("H_PAGE_INIT", {kCopyPage, 0x3000, 0x1000}), Status::kSuccess);
  EXPECT_THAT(cells_at(0x3000, 2), ElementsAre(11, 12));
  EXPECT_THAT(cells_at(0x3ffc, 2), ElementsAre(13, 0));
  EXPECT_EQ(call("H_PAGE_INIT", {kCopyPage | kZeroPage, 0x4000, 0x1000}), Status::kSuccess);
  EXPECT_THAT(cells_at(0x4000, 2), ElementsAre(11, 12));
}

TEST_F(HcallTest, PageInitOfTheLastPageIsGood) {
  put_cells(kRamSize - 4, {7});
  EXPECT_EQ(call("H_PAGE_INIT", {kCopyPage, 0x1000, kRamSize - 0x1000}), Status::kSuccess);
  EXPECT_THAT(cells_at(0x1ffc, 1), ElementsAre(7));
  EXPECT_EQ(call("H_PAGE_INIT", {kZeroPage, kRamSize - 0x1000}), Status::kSuccess);
  EXPECT_THAT(cells_at(kRamSize - 4, 1), ElementsAre(0));
}

TEST_F(HcallTest, PageInitTakesFlagsThatAskForNothingAndThenDoesNothing) {
  put_cells(0x2000, {5});
  EXPECT_EQ(call("H_PAGE_INIT", {ppc_bit(40) | ppc_bit(41) | ppc_bit(28), 0x2000}), Status::kSuccess);
  EXPECT_EQ(call("H_PAGE_INIT", {0, 0x2000}), Status::kSuccess);
  EXPECT_THAT(cells_at(0x2000, 1), ElementsAre(5));
}

TEST_F(HcallTest, LogicalLoadsAndStoresAreRightJustifiedBigEndianAndOfTheirWidth) {
  for (const std::string kind : {"CI", "CACHE"}) {
    put_cells(0x1000, {0x01020304, 0x05060708, 0xffffffff});
    const std::pair<std::uint64_t, std::uint64_t> loads[] = {
        {1, 0x01}, {2, 0x0102}, {4, 0x01020304}, {8, 0x0102030405060708}};
    for (const auto &[width, value] : loads) {
      EXPECT_EQ(call("H_LOGICAL_" + kind + "_LOAD", {width, 0x1000}), Status::kSuccess);
      EXPECT_EQ(registers_[0], value);
    }
    EXPECT_EQ(call("H_LOGICAL_" + kind + "_STORE", {2, 0x1002, 0xaaaa1234}), Status::kSuccess);
    EXPECT_THAT(cells_at(0x1000, 2), ElementsAre(0x01021234, 0x05060708));
    EXPECT_EQ(call("H_LOGICAL_" + kind + "_STORE", {8, 0x1000, 0x1112131415161718}), Status::kSuccess);
    EXPECT_THAT(cells_at(0x1000, 3), ElementsAre(0x11121314, 0x15161718, 0xffffffff));
  }
}

TEST_F(HcallTest, CacheBlocksOfItsMemoryAreInOrderAnyway) {
  EXPECT_EQ(call("H_LOGICAL_ICBI", {0x1234}), Status::kSuccess);
  EXPECT_EQ(call("H_LOGICAL_DCBF", {kRamSize - 1}), Status::kSuccess);
}

// --- Bad arguments

struct BadCall {
  std::string_view name;
  HcallRegisters registers;
  Status status;
};

void PrintTo(const BadCall &bad, std::ostream *stream) {
  *stream << bad.name;
  for (const auto value : bad.registers) *stream << " " << std::hex << value;
}

class BadHcall : public HcallTest, public ::testing::WithParamInterface<BadCall> {};

TEST_P(BadHcall, GetsItsStatusAndDoesNothing) {
  EXPECT_EQ(call(GetParam().name, GetParam().registers), GetParam().status);
  EXPECT_THAT(partition_.asked, IsEmpty());
  EXPECT_EQ(output(), "");
  EXPECT_EQ(unknown_calls_, 0u);
}

constexpr std::uint64_t kAllOnes = ~std::uint64_t{0};
constexpr std::uint64_t kEndOfRam = 64 * 1024;

INSTANTIATE_TEST_SUITE_P(
    Arguments, BadHcall,
    ::testing::Values(BadCall{"H_PUT_TERM_CHAR", {1, 5, kHello}, Status::kParameter},
                      BadCall{"H_PUT_TERM_CHAR", {0x171000000, 5, kHello}, Status::kParameter},
                      BadCall{"H_PUT_TERM_CHAR", {0, 17, kHello}, Status::kParameter},
                      BadCall{"H_PUT_TERM_CHAR", {0, kAllOnes, kHello}, Status::kParameter},
                      BadCall{"H_VIO_SIGNAL", {0x71000001, 0}, Status::kParameter},
                      BadCall{"H_VIO_SIGNAL", {0x71000000, 2}, Status::kParameter},
                      BadCall{"H_VIO_SIGNAL", {0x71000000, kAllOnes}, Status::kParameter},
                      BadCall{"H_SET_MODE", {0, 0}, Status::kP2},
                      BadCall{"H_SET_MODE", {0, 1}, Status::kP2},  // the watchpoints are KVM's
                      BadCall{"H_SET_MODE", {0, 5}, Status::kP2},
                      BadCall{"H_SET_MODE", {1, kLittleEndian | std::uint64_t{1} << 32}, Status::kP2},
                      BadCall{"H_SET_MODE", {1, kLittleEndian, 1, 0}, Status::kP3},
                      BadCall{"H_SET_MODE", {1, kLittleEndian, 0, 1}, Status::kP4},
                      BadCall{"H_SET_MODE", {2, kLittleEndian}, Status::kUnsupportedFlag},
                      BadCall{"H_SET_MODE", {kAllOnes, kLittleEndian}, Status::kUnsupportedFlag},
                      BadCall{"H_SET_MODE", {3, kInterruptLocation, 1, 0}, Status::kP3},
                      BadCall{"H_SET_MODE", {3, kInterruptLocation, 0, 1}, Status::kP4},
                      BadCall{"H_SET_MODE", {1, kInterruptLocation}, Status::kUnsupportedFlag},
                      BadCall{"H_SET_MODE", {2, kInterruptLocation}, Status::kUnsupportedFlag},
                      BadCall{"H_REGISTER_PROC_TBL", {0, 0x1000, 0, 12}, Status::kParameter},
                      BadCall{"H_REGISTER_PROC_TBL", {0x10, 0, 0, 0}, Status::kParameter},  // to take it away
                      BadCall{"H_REGISTER_PROC_TBL", {0x18 | 0x2, 0x1000, 0, 12}, Status::kParameter},  // hash
                      BadCall{"H_REGISTER_PROC_TBL", {kNewRadixTable | 0x20, 0x1000, 0, 12}, Status::kParameter},
                      BadCall{"H_REGISTER_PROC_TBL", {kNewRadixTable, 0x1001, 0, 12}, Status::kP2},
                      BadCall{"H_REGISTER_PROC_TBL", {kNewRadixTable, 0x800, 0, 12}, Status::kP2},
                      BadCall{"H_REGISTER_PROC_TBL", {kNewRadixTable, std::uint64_t{1} << 60, 0, 12}, Status::kP2},
                      BadCall{"H_REGISTER_PROC_TBL", {kNewRadixTable, 0x1000, 1, 12}, Status::kP3},
                      BadCall{"H_REGISTER_PROC_TBL", {kNewRadixTable, 0x1000, 0, 25}, Status::kP4},
                      BadCall{"H_REGISTER_PROC_TBL", {kNewRadixTable, 0x1000, 0, kAllOnes}, Status::kP4},
                      BadCall{"H_PAGE_INIT", {kZeroPage, 0x1800}, Status::kParameter},
                      BadCall{"H_PAGE_INIT", {kZeroPage, kEndOfRam}, Status::kParameter},
                      BadCall{"H_PAGE_INIT", {kZeroPage, kAllOnes - 0xfff}, Status::kParameter},
                      BadCall{"H_PAGE_INIT", {kCopyPage, 0x2000, 0x1001}, Status::kParameter},
                      BadCall{"H_PAGE_INIT", {kCopyPage, 0x2000, kEndOfRam}, Status::kParameter},
                      BadCall{"H_PAGE_INIT", {0, 0x2001}, Status::kParameter},
                      BadCall{"H_PAGE_INIT", {1, 0x2000}, Status::kParameter},
                      BadCall{"H_PAGE_INIT", {kAllOnes, 0x2000}, Status::kParameter},
                      BadCall{"H_LOGICAL_CI_LOAD", {0, 0x1000}, Status::kParameter},
                      BadCall{"H_LOGICAL_CI_LOAD", {3, 0x1000}, Status::kParameter},
                      BadCall{"H_LOGICAL_CI_LOAD", {kAllOnes, 0x1000}, Status::kParameter},
                      BadCall{"H_LOGICAL_CI_LOAD", {8, 0x1004}, Status::kParameter},
                      BadCall{"H_LOGICAL_CI_LOAD", {1, kEndOfRam}, Status::kParameter},
                      BadCall{"H_LOGICAL_CI_LOAD", {8, kAllOnes - 7}, Status::kParameter},
                      BadCall{"H_LOGICAL_CI_STORE", {16, 0x1000, 1}, Status::kParameter},
                      BadCall{"H_LOGICAL_CI_STORE", {2, 0x1001, 1}, Status::kParameter},
                      BadCall{"H_LOGICAL_CI_STORE", {4, kEndOfRam, 1}, Status::kParameter},
                      BadCall{"H_LOGICAL_ICBI", {kEndOfRam}, Status::kParameter},
                      BadCall{"H_LOGICAL_DCBF", {kAllOnes}, Status::kParameter},
                      BadCall{"H_RTAS", {0xfffc}, Status::kParameter},
                      BadCall{"H_RTAS", {kAllOnes}, Status::kParameter},
                      BadCall{"H_OPEN_FIRMWARE", {0}, Status::kFunction}));  // a guest without a client interface

// --- The tables behind two of the numbers

TEST_F(HcallTest, RtasIsAskedThroughOneOfThem) {
  const auto reboot = std::ranges::find(rtas_calls(), "system-reboot", &RtasEntry::name)->token;
  put_cells(0x100, {reboot, 0, 1, 0xffff});
  EXPECT_EQ(call("H_RTAS", {0x100}), Status::kSuccess);
  EXPECT_EQ(shutdown_->kind, Shutdown::Kind::kReboot);
}

TEST_F(HcallTest, TheClientInterfaceComesWithAnAddressOf32Bits) {
  OpenFirmware firmware(fdt::LiveTree(fdt::Node{}), kRamSize, real_environment());
  context_.firmware = &firmware;
  put_text(0x200, "exit");
  put_cells(0x100, {0x200, 0, 0});
  EXPECT_EQ(call("H_OPEN_FIRMWARE", {0xc000000000000100}), Status::kSuccess);
  EXPECT_TRUE(shutdown_);
  EXPECT_EQ(call("H_OPEN_FIRMWARE", {0xfffffff0}), Status::kParameter);
}

// --- The table

TEST(Hcalls, HaveTheNumbersOfPapr) {
  std::vector<std::pair<std::string_view, std::uint64_t>> numbers;
  for (const HcallEntry &entry : hcalls()) {
    numbers.emplace_back(entry.name, entry.number);
    EXPECT_EQ(find_hcall(entry.number), &entry);
  }
  EXPECT_THAT(
      numbers,
      ElementsAre(Pair("H_SET_SPRG0", 0x24), Pair("H_PAGE_INIT", 0x2c), Pair("H_LOGICAL_CI_LOAD", 0x3c),
                  Pair("H_LOGICAL_CI_STORE", 0x40), Pair("H_LOGICAL_CACHE_LOAD", 0x44),
                  Pair("H_LOGICAL_CACHE_STORE", 0x48), Pair("H_LOGICAL_ICBI", 0x4c), Pair("H_LOGICAL_DCBF", 0x50),
                  Pair("H_GET_TERM_CHAR", 0x54), Pair("H_PUT_TERM_CHAR", 0x58), Pair("H_EOI", 0x64),
                  Pair("H_CPPR", 0x68), Pair("H_IPI", 0x6c), Pair("H_IPOLL", 0x70), Pair("H_XIRR", 0x74),
                  Pair("H_REGISTER_VPA", 0xdc), Pair("H_CEDE", 0xe0), Pair("H_CONFER", 0xe4), Pair("H_PROD", 0xe8),
                  Pair("H_VIO_SIGNAL", 0x104), Pair("H_GET_CPU_CHARACTERISTICS", 0x1c8), Pair("H_XIRR_X", 0x2fc),
                  Pair("H_RANDOM", 0x300), Pair("H_SET_MODE", 0x31c), Pair("H_REGISTER_PROC_TBL", 0x37c),
                  Pair("H_RTAS", kHcallRtas), Pair("H_OPEN_FIRMWARE", kHcallClientInterface)));
}

// docs/hcalls.md is a promise, too: a row for each number that somebody names, and those that are answered are these.
TEST(Hcalls, AreInTheDocumentationsTableAsTheyAreAnswered) {
  std::ifstream file(std::string(std::getenv("PARLEY_DOCS")) + "/hcalls.md");
  std::map<std::string, std::string> documented;
  std::size_t rows = 0;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| 0x")) continue;
    const auto columns = split(line, '|');
    ASSERT_EQ(columns.size(), 7u) << line;
    ++rows;
    const std::string here(trim(columns[6]));
    ASSERT_TRUE(here.starts_with("Parley") || here.starts_with("the kernel") || here.starts_with("no: ")) << line;
    if (!here.starts_with("no: "))
      documented[std::string(trim(columns[1])) + " " + std::string(trim(columns[2]))] = here;
  }
  EXPECT_GT(rows, 200u);
  for (const HcallEntry &entry : hcalls()) {
    std::string number = hex32(static_cast<std::uint32_t>(entry.number)).substr(2);
    number = "0x" + number.substr(number.find_first_not_of('0'));
    const auto found = documented.find(number + " " + std::string(entry.name));
    ASSERT_NE(found, documented.end()) << number << " " << entry.name << " is answered and not documented";
    EXPECT_EQ(found->second.starts_with("Parley"), entry.handle != nullptr) << entry.name;
    documented.erase(found);
  }
  for (const auto &[call, here] : documented) EXPECT_FALSE(here.starts_with("Parley")) << call << " is not answered";
}

TEST(Hcalls, AreAnsweredOneAtATimeUnlessTheyTouchNothingThatOthersDo) {
  std::vector<std::string_view> independent;
  for (const HcallEntry &entry : hcalls())
    if (entry.independent) independent.push_back(entry.name);
  EXPECT_THAT(independent, ElementsAre("H_PAGE_INIT", "H_LOGICAL_CI_LOAD", "H_LOGICAL_CI_STORE", "H_LOGICAL_CACHE_LOAD",
                                       "H_LOGICAL_CACHE_STORE", "H_LOGICAL_ICBI", "H_LOGICAL_DCBF", "H_GET_TERM_CHAR",
                                       "H_PUT_TERM_CHAR", "H_VIO_SIGNAL", "H_RANDOM"));
}

TEST_F(HcallTest, AnUnknownNumberGetsHFunctionAndIsCountedAndTraced) {
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{0x59}, std::uint64_t{0xf004}, kAllOnes}) {
    EXPECT_EQ(take(dispatch_hcall(context_, number, find_hcall(number), registers_)), Status::kFunction) << number;
    EXPECT_EQ(find_hcall(number), nullptr);
  }
  EXPECT_EQ(unknown_calls_, 4u);
  EXPECT_EQ(trace_.back(), "unknown hcall 0xffffffffffffffff: -2");
}

TEST_F(HcallTest, WhatTheKernelShouldHaveAnsweredGetsHFunctionAndIsCounted) {
  std::vector<std::string> expected;
  for (const HcallEntry &entry : hcalls()) {
    if (entry.handle != nullptr) continue;
    EXPECT_EQ(call(entry.name, {}), Status::kFunction) << entry.name;
    expected.push_back(std::string(entry.name) + ": -2");
  }
  EXPECT_THAT(expected, SizeIs(10));
  EXPECT_EQ(unknown_calls_, expected.size());
  EXPECT_THAT(trace_, ElementsAreArray(expected));
}

TEST_F(HcallTest, EachCallIsTracedOnce) {
  put_cells(0x100, {4711, 0, 1, 0});
  call("H_PUT_TERM_CHAR", {0, 17});
  call("H_RANDOM", {});
  call("H_RTAS", {0x100});  // traces what it finds there
  call("H_RTAS", {kAllOnes});
  call("H_OPEN_FIRMWARE", {});
  EXPECT_THAT(trace_, ElementsAre("H_PUT_TERM_CHAR: -4", "H_RANDOM: 0", "RTAS unknown token 4711: -3", "H_RTAS: -4",
                                  "H_OPEN_FIRMWARE: -2"));
}

TEST_F(HcallTest, NothingIsTracedWhenNobodyListens) {
  context_.trace = nullptr;
  EXPECT_EQ(call("H_PUT_TERM_CHAR", {0, 5, kHello, 0}), Status::kSuccess);
  EXPECT_EQ(output(), "hello");
}

TEST(Hcalls, AreAnnouncedByTheirFunctionSetsInTheGuestsTree) {
  EXPECT_THAT(parley::testing::reference_tree().child("rtas")->texts("ibm,hypertas-functions"),
              ElementsAre("hcall-sprg0", "hcall-copy", "hcall-debug", "hcall-term", "hcall-interrupt", "hcall-splpar",
                          "hcall-set-mode"));
}

TEST(Hcalls, ThatKvmMustBeToldToAnswerAreNamedWhereItCanBeTold) {
  host::KvmFacts kvm;
  EXPECT_THAT(machine::papr_interface(kvm).enabled_hcalls, IsEmpty());
  kvm.capabilities["KVM_CAP_PPC_ENABLE_HCALL"] = 1;
  EXPECT_THAT(machine::papr_interface(kvm).enabled_hcalls, ElementsAre(0x31c));
}

}  // namespace
}  // namespace parley::papr
