// SPDX-License-Identifier: Apache-2.0
//
// Each hypercall: its effect, and its statuses for bad arguments.
#include <cerrno>

#include "hcall_caller.hpp"

namespace parley::papr {
namespace {

class HcallHandlerTest : public HcallTest {};

constexpr std::uint64_t kNewRadixTable = 0x1c;
constexpr std::uint64_t kGtse = 0x1;
constexpr std::uint64_t kLittleEndian = 4;
constexpr std::uint64_t kInterruptLocation = 3;

// --- Terminals

TEST_F(HcallHandlerTest, PutTermCharWritesTheFirstCharacterFromTheMostSignificantByte) {
  EXPECT_EQ(call("H_PUT_TERM_CHAR", {0, 5, kHello, 0}), Status::kSuccess);
  EXPECT_EQ(output(), "hello");
}

TEST_F(HcallHandlerTest, PutTermCharTakesUpToSixteenCharactersFromTwoRegisters) {
  EXPECT_EQ(call("H_PUT_TERM_CHAR", {0x71000000, 16, 0x3031323334353637, 0x3839616263646566}), Status::kSuccess);
  EXPECT_EQ(output(), "0123456789abcdef");
}

TEST_F(HcallHandlerTest, PutTermCharToAFullConsoleAsksForARepeatedCallAndLosesNothing) {
  fill_console();
  call("H_PUT_TERM_CHAR", {0, 5, kHello, 0});
  EXPECT_TRUE(console_full_);
  EXPECT_EQ(output(), std::string(devices::Vty::kOutputLimit, '-'));
  EXPECT_EQ(call("H_PUT_TERM_CHAR", {0, 5, kHello, 0}), Status::kSuccess);
  EXPECT_FALSE(console_full_);
  EXPECT_EQ(output(), "hello");
}

TEST_F(HcallHandlerTest, GetTermCharPacksSixteenCharactersIntoTwoRegistersAndKeepsTheRest) {
  vty().feed("0123456789abcdefX");
  EXPECT_EQ(call("H_GET_TERM_CHAR", {0}), Status::kSuccess);
  EXPECT_THAT(std::span(registers_).first(3), ElementsAre(16, 0x3031323334353637, 0x3839616263646566));
  EXPECT_EQ(call("H_GET_TERM_CHAR", {0x71000000}), Status::kSuccess);
  EXPECT_THAT(std::span(registers_).first(3), ElementsAre(1, std::uint64_t{'X'} << 56, 0));
  EXPECT_EQ(call("H_GET_TERM_CHAR", {0}), Status::kSuccess);
  EXPECT_THAT(std::span(registers_).first(3), ElementsAre(0, 0, 0));
}

TEST_F(HcallHandlerTest, GetTermCharDropsANulAfterACarriageReturn) {
  vty().feed(std::string_view("\r\0a\0b", 5));
  EXPECT_EQ(call("H_GET_TERM_CHAR", {0}), Status::kSuccess);
  EXPECT_THAT(std::span(registers_).first(2), ElementsAre(4, 0x0d61006200000000));
}

TEST_F(HcallHandlerTest, GetTermCharOfAnotherTerminalKeepsTheInput) {
  vty().feed("x");
  EXPECT_EQ(call("H_GET_TERM_CHAR", {1}), Status::kParameter);
  EXPECT_EQ(vty().input_room(), devices::Vty::kInputLimit - 1);
}

TEST_F(HcallHandlerTest, VioSignalAcceptsBothModes) {
  EXPECT_EQ(call("H_VIO_SIGNAL", {0x71000000, 0}), Status::kSuccess);
  EXPECT_EQ(call("H_VIO_SIGNAL", {0x71000000, 1}), Status::kSuccess);
}

// --- Processors

TEST_F(HcallHandlerTest, SetModeSetsTheInterruptModes) {
  EXPECT_EQ(call("H_SET_MODE", {1, kLittleEndian}), Status::kSuccess);
  EXPECT_EQ(call("H_SET_MODE", {0, kLittleEndian}), Status::kSuccess);
  EXPECT_EQ(call("H_SET_MODE", {3, kInterruptLocation}), Status::kSuccess);
  EXPECT_EQ(call("H_SET_MODE", {0, kInterruptLocation}), Status::kSuccess);
  EXPECT_THAT(partition_.asked, ElementsAre("little-endian interrupts on", "little-endian interrupts off",
                                            "translated interrupts on", "translated interrupts off"));
}

TEST_F(HcallHandlerTest, SetModeReportsARefusalOfTheKernel) {
  partition_.changes_interrupts = false;
  EXPECT_EQ(call("H_SET_MODE", {1, kLittleEndian}), Status::kUnsupportedFlag);
  EXPECT_EQ(call("H_SET_MODE", {3, kInterruptLocation}), Status::kUnsupportedFlag);
}

TEST_F(HcallHandlerTest, RegisterProcTblMakesTheEntryOfARadixGuest) {
  EXPECT_EQ(call("H_REGISTER_PROC_TBL", {kNewRadixTable | kGtse, 0x1000000, 0, 12}), Status::kSuccess);
  EXPECT_EQ(call("H_REGISTER_PROC_TBL", {kNewRadixTable, 0x0ffffffffffff000, 0, 24}), Status::kSuccess);
  EXPECT_THAT(partition_.asked,
              ElementsAre("process table 0x800000000100000c with GTSE", "process table 0x8ffffffffffff018"));
}

TEST_F(HcallHandlerTest, RegisterProcTblHasNothingToDoForAGuestWithTheHashMmu) {
  partition_.translation = compat::Translation::kHash;
  EXPECT_EQ(call("H_REGISTER_PROC_TBL", {0, 0, 0, 0}), Status::kSuccess);
  for (const std::uint64_t flags : {kNewRadixTable | kGtse, kNewRadixTable, std::uint64_t{0x18}, std::uint64_t{0x1a}})
    EXPECT_EQ(call("H_REGISTER_PROC_TBL", {flags, 0x1000000, 0, 12}), Status::kParameter) << flags;
  EXPECT_THAT(partition_.asked, IsEmpty()) << "KVM would leave the hash MMU";
}

TEST_F(HcallHandlerTest, RegisterProcTblKeepsNoHashMmuForAGuestWithRadix) {
  EXPECT_EQ(call("H_REGISTER_PROC_TBL", {0, 0, 0, 0}), Status::kParameter);
}

TEST_F(HcallHandlerTest, RegisterProcTblTranslatesTheKernelsErrors) {
  for (const auto &[error, status] : {std::pair{EINVAL, Status::kParameter},
                                      {ENODEV, Status::kNotAvailable},
                                      {EBUSY, Status::kHardware},
                                      {EIO, Status::kHardware}}) {
    partition_.process_table_error = error;
    EXPECT_EQ(call("H_REGISTER_PROC_TBL", {kNewRadixTable, 0x1000000, 0, 12}), status) << error;
  }
}

TEST_F(HcallHandlerTest, CpuCharacteristicsComeFromTheHostOrAreUnsupported) {
  EXPECT_EQ(call("H_GET_CPU_CHARACTERISTICS", {}), Status::kFunction);
  partition_.known_characteristics = {0x123, 0x456};
  EXPECT_EQ(call("H_GET_CPU_CHARACTERISTICS", {}), Status::kSuccess);
  EXPECT_THAT(std::span(registers_).first(2), ElementsAre(0x123, 0x456));
}

TEST_F(HcallHandlerTest, RandomNumbersDiffer) {
  EXPECT_EQ(call("H_RANDOM", {}), Status::kSuccess);
  const auto first = registers_[0];
  EXPECT_EQ(call("H_RANDOM", {}), Status::kSuccess);
  EXPECT_NE(registers_[0], first);
}

TEST_F(HcallHandlerTest, SetSprg0SetsTheCallersRegisterOrReportsARefusal) {
  context_.caller = VcpuId{3};
  EXPECT_EQ(call("H_SET_SPRG0", {0xcafebabedeadbeef}), Status::kSuccess);
  EXPECT_THAT(partition_.asked, ElementsAre("SPRG0 of 3 0xcafebabedeadbeef"));
  partition_.takes_sprg0 = false;
  EXPECT_EQ(call("H_SET_SPRG0", {0}), Status::kHardware);
}

// --- Memory

constexpr std::uint64_t kZeroPage = ppc_bit(48);
constexpr std::uint64_t kCopyPage = ppc_bit(49);

TEST_F(HcallHandlerTest, PageInitClearsOnePageOnly) {
  put_cells(0x1ffc, {1, 2});
  put_cells(0x2ffc, {3, 4});
  EXPECT_EQ(call("H_PAGE_INIT", {kZeroPage, 0x2000}), Status::kSuccess);
  EXPECT_THAT(cells_at(0x1ffc, 2), ElementsAre(1u, 0u));
  EXPECT_THAT(cells_at(0x2ffc, 2), ElementsAre(0, 4));
}

TEST_F(HcallHandlerTest, PageInitCopiesAPageEvenIfTheZeroFlagIsSetToo) {
  put_cells(0x1000, {11, 12});
  put_cells(0x1ffc, {13, 14});
  EXPECT_EQ(call("H_PAGE_INIT", {kCopyPage, 0x3000, 0x1000}), Status::kSuccess);
  EXPECT_THAT(cells_at(0x3000, 2), ElementsAre(11, 12));
  EXPECT_THAT(cells_at(0x3ffc, 2), ElementsAre(13, 0));
  EXPECT_EQ(call("H_PAGE_INIT", {kCopyPage | kZeroPage, 0x4000, 0x1000}), Status::kSuccess);
  EXPECT_THAT(cells_at(0x4000, 2), ElementsAre(11, 12));
}

TEST_F(HcallHandlerTest, PageInitAcceptsTheLastPage) {
  put_cells(kRamSize - 4, {7});
  EXPECT_EQ(call("H_PAGE_INIT", {kCopyPage, 0x1000, kRamSize - 0x1000}), Status::kSuccess);
  EXPECT_THAT(cells_at(0x1ffc, 1), ElementsAre(7));
  EXPECT_EQ(call("H_PAGE_INIT", {kZeroPage, kRamSize - 0x1000}), Status::kSuccess);
  EXPECT_THAT(cells_at(kRamSize - 4, 1), ElementsAre(0));
}

TEST_F(HcallHandlerTest, PageInitAcceptsFlagsThatNeedNoAction) {
  put_cells(0x2000, {5});
  EXPECT_EQ(call("H_PAGE_INIT", {ppc_bit(40) | ppc_bit(41) | ppc_bit(28), 0x2000}), Status::kSuccess);
  EXPECT_EQ(call("H_PAGE_INIT", {0, 0x2000}), Status::kSuccess);
  EXPECT_THAT(cells_at(0x2000, 1), ElementsAre(5));
}

TEST_F(HcallHandlerTest, LogicalLoadsAndStoresAreRightJustifiedBigEndianAndOfTheirWidth) {
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

TEST_F(HcallHandlerTest, CacheBlockCallsAcceptAnyAddressInRam) {
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

class BadHcall : public HcallHandlerTest, public ::testing::WithParamInterface<BadCall> {};

TEST_P(BadHcall, GetsItsStatusAndChangesNothing) {
  EXPECT_EQ(call(GetParam().name, GetParam().registers), GetParam().status);
  EXPECT_THAT(partition_.asked, IsEmpty());
  EXPECT_EQ(output(), "");
  EXPECT_EQ(unknown_calls_, 0u);
}

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
                      BadCall{"H_SET_MODE", {0, 1}, Status::kP2},  // KVM handles watchpoints
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
                      BadCall{"H_REGISTER_PROC_TBL", {0x10, 0, 0, 0}, Status::kParameter},  // to unregister it
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

}  // namespace
}  // namespace parley::papr
