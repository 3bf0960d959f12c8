// SPDX-License-Identifier: Apache-2.0
#include "parley/kvm/exit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <set>

namespace parley::kvm {
namespace {

using ::testing::HasSubstr;
using Kind = RunFailureKind;

Exit classify(int error, abi::Run run, std::optional<LogicalPvr> arch_compat = {}) {
  Exit exit = classify_exit(error, run);
  if (auto *failure = std::get_if<RunFailure>(&exit)) *failure = with_level(*failure, arch_compat);
  return exit;
}

abi::Run page(std::uint32_t exit_reason, std::uint64_t hardware_reason = 0) {
  abi::Run run{};
  run.exit_reason = exit_reason;
  run.hw.hardware_exit_reason = hardware_reason;
  return run;
}

struct Case {
  const char *name;
  int error;
  std::uint32_t exit_reason;
  std::uint64_t hardware_reason;
  std::uint32_t arch_compat;
  Kind kind;
};

class FailedRun : public ::testing::TestWithParam<Case> {};

TEST_P(FailedRun, IsDistinguishedFromAllOthers) {
  const Case &run = GetParam();
  const Exit exit = classify(run.error, page(run.exit_reason, run.hardware_reason), LogicalPvr{run.arch_compat});
  const auto *failure = std::get_if<RunFailure>(&exit);
  ASSERT_NE(failure, nullptr);
  EXPECT_EQ(failure->kind, run.kind) << name(failure->kind);
  EXPECT_EQ(failure->exit_reason.has_value(), run.exit_reason != kUntouched);
}

INSTANTIATE_TEST_SUITE_P(Runs, FailedRun,
                         ::testing::Values(Case{"InvalidLevel", EINVAL, 17, 0, 0xffffffff, Kind::kLevelInvalid},
                                           Case{"MissingPapr", EINVAL, 17, 0, 0x0f000006, Kind::kPaprMissing},
                                           Case{"HashGuestWithoutMemory", EINVAL, 9, 0, 0, Kind::kNoHashMemory},
                                           Case{"HashTableThatDoesNotFit", ENOMEM, 9, 0, 0, Kind::kNoHashMemory},
                                           Case{"BadCall", EINVAL, kUntouched, 0, 0, Kind::kBadCall},
                                           Case{"ForeignProcess", EIO, kUntouched, 0, 0, Kind::kForeignProcess},
                                           Case{"HostMemory", EFAULT, 0, 0, 0, Kind::kHostMemory},
                                           Case{"NoMemory", ENOMEM, kUntouched, 0, 0, Kind::kOutOfMemory},
                                           Case{"TryAgain", EAGAIN, kUntouched, 0, 0, Kind::kTryAgain},
                                           Case{"LateRefusal", 0, 0, 0xffffffffffffffea, 0x0f000007,
                                                Kind::kLateRefusal},
                                           Case{"UnknownTrap", 0, 0, 0xe40, 0, Kind::kUnknownTrap},
                                           Case{"FailedEntry", 0, 9, 0, 0, Kind::kEntryFailed},
                                           Case{"HypervisorMode", 0, 17, 0x500, 0, Kind::kHypervisorMode},
                                           Case{"MachineCheck", 0, 16, 0, 0, Kind::kMachineCheck},
                                           Case{"Debug", 0, 4, 0, 0, Kind::kUnexpectedExit},
                                           Case{"SystemEvent", 0, 24, 0, 0, Kind::kUnexpectedExit},
                                           Case{"SuccessWithoutAReason", 0, kUntouched, 0, 0, Kind::kUnexpectedExit},
                                           Case{"OtherErrno", EPERM, kUntouched, 0, 0, Kind::kUnexpectedErrno}),
                         [](const auto &cell) { return cell.param.name; });

TEST(Run, InterruptedByASignalIsNoFailure) {
  for (const std::uint32_t reason : {abi::kExitIntr, kUntouched, abi::kExitPaprHcall}) {
    EXPECT_TRUE(std::holds_alternative<Interrupted>(classify(EINTR, page(reason)))) << reason;
  }
  EXPECT_TRUE(std::holds_alternative<Interrupted>(classify(0, page(abi::kExitIntr))));
}

TEST(Run, WithUnreadableRtasArgumentsIsTheGuestsMistake) {
  for (const int error : {EINVAL, EFAULT, ENOENT}) {
    EXPECT_TRUE(std::holds_alternative<BadRtasArguments>(classify(error, page(abi::kExitPaprHcall))));
  }
}

TEST(Run, ReturnsTheHcallWithItsArguments) {
  abi::Run run = page(abi::kExitPaprHcall);
  run.papr_hcall.nr = 0x58;
  run.papr_hcall.args[0] = 1;
  run.papr_hcall.args[8] = 9;
  const Hcall hcall = std::get<Hcall>(classify_exit(0, run));
  EXPECT_EQ(hcall.number, 0x58u);
  EXPECT_EQ(hcall.registers[0], 1u);
  EXPECT_EQ(hcall.registers[8], 9u);
  hcall.registers[0] = 2;
  EXPECT_EQ(run.papr_hcall.args[0], 2u);  // from where the kernel takes the results
}

TEST(Run, ReturnsALoadOutsideOfRamWithItsLength) {
  abi::Run run = page(abi::kExitMmio);
  run.mmio = {0x123456, {}, 8, 0};
  const MmioLoad load = std::get<MmioLoad>(classify_exit(0, run));
  EXPECT_EQ(load.address, GuestAddress{0x123456});
  EXPECT_EQ(load.length, 8u);
}

TEST(Run, ReturnsAStoreOutsideOfRamWithItsBytes) {
  abi::Run run = page(abi::kExitMmio);
  run.mmio = {0x123456, {1, 2, 3, 4}, 2, 1};
  const MmioStore store = std::get<MmioStore>(classify_exit(0, run));
  EXPECT_EQ(store.address, GuestAddress{0x123456});
  EXPECT_THAT(store.bytes, ::testing::ElementsAre(std::byte{1}, std::byte{2}));
}

TEST(Run, NeverReadsBytesBeyondTheEightOfAnAccess) {
  abi::Run run = page(abi::kExitMmio);
  run.mmio = {0, {}, 9, 1};
  EXPECT_EQ(std::get<MmioStore>(classify_exit(0, run)).bytes.size(), 8u);
  run.mmio.is_write = 0;
  EXPECT_EQ(std::get<MmioLoad>(classify_exit(0, run)).length, 8u);
}

TEST(RunFailure, HasItsOwnMessageForEachKind) {
  std::set<std::string> sentences;
  std::set<std::string_view> names;
  constexpr auto kLast = static_cast<int>(Kind::kUnexpectedErrno);
  for (int i = 0; i <= kLast; ++i) {
    const RunFailure failure{static_cast<Kind>(i), EINVAL, 17, 0, {}};
    sentences.insert(explain(failure).what);
    names.insert(name(failure.kind));
    EXPECT_FALSE(explain(failure).what_to_do.empty());
  }
  EXPECT_EQ(sentences.size(), static_cast<std::size_t>(kLast) + 1);
  EXPECT_EQ(names.size(), sentences.size());
}

TEST(RunFailure, NamesErrnoReasonAndRegisterAsEvidence) {
  const RunFailure failure{Kind::kLevelInvalid, EINVAL, 17, 0, kInvalidLogicalPvr};
  EXPECT_EQ(explain(failure).why,
            "KVM_RUN EINVAL (Invalid argument), exit_reason 17, arch_compat reads back 0xffffffff (level-invalid)");
}

TEST(RunFailure, ReportsARegisterThatCannotBeRead) {
  const Exit exit = classify(EINVAL, page(abi::kExitInternalError));
  const auto &failure = std::get<RunFailure>(exit);
  EXPECT_EQ(failure.kind, Kind::kUnexpectedErrno);
  EXPECT_THAT(explain(failure).why, HasSubstr("arch_compat cannot be read"));
}

TEST(RunFailure, ReportsAnUntouchedReason) {
  const RunFailure failure{Kind::kBadCall, EINVAL, std::nullopt, 0, {}};
  EXPECT_THAT(explain(failure).why, HasSubstr("exit_reason untouched"));
}

}  // namespace
}  // namespace parley::kvm
