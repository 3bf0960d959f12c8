// SPDX-License-Identifier: Apache-2.0
//
// `parley run` as a user sees it, on the reference host and on similar ones, with a fake KVM.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <new>
#include <thread>

#include "app/run_parley.hpp"
#include "parley/base/file.hpp"

namespace parley::app {
namespace {

using parley::testing::FakeKvm;
using parley::testing::says;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::uint32_t kPower11Pvr = 0x0f000007;

Outcome run_with(std::vector<const char *> more, FakeKvm &fake) {
  more.insert(more.begin(), {"run", "--sandbox", "off", "-m", "1"});
  return parley_on_power(std::move(more), fake);
}

// A hypervisor that accepts every level, but refuses to enter the guest, under a kernel without the arch_compat check:
// KVM_RUN returns 0, with exit_reason UNKNOWN and -EINVAL as the trap.
parley::testing::FakeHost late_refuser() { return {.fixed = false, .hypervisor_checks = true}; }

TEST(ARun, CheckAndInspectReportThatTheHypervisorsGrantsCannotBeRead) {
  for (const std::vector<const char *> &command :
       {std::vector{"run", "--sandbox", "off", "-m", "1"}, {"check", "power10"}, {"inspect"}}) {
    FakeKvm fake{{.compat_caps = 0x6000000000000000}};
    fake.fail(kvm::abi::kGetCompatCaps, ENOTTY);
    const Outcome outcome = parley_on_power(command, fake);
    EXPECT_EQ(outcome.code, kSuccess);
    EXPECT_THAT(outcome.out + outcome.err, HasSubstr("KVM_PPC_GET_COMPAT_CAPS failed with ENOTTY")) << command[0];
  }
}

TEST(ARun, RefusesNestingWithTheReasonWhereTheHostHasNone) {
  FakeKvm fake;
  const Outcome outcome = run_with({"--nested"}, fake);
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_THAT(outcome.err,
              HasSubstr("guests of this host cannot run guests of their own\n  why: KVM_CAP_PPC_NESTED_HV"));
  EXPECT_THAT(fake.levels_entered(), IsEmpty());
}

// --- The MMU

Outcome run_on_bare_metal(std::vector<const char *> more, FakeKvm &fake) {
  more.insert(more.begin(), {"run", "--sandbox", "off", "-m", "1"});
  return parley_with(std::move(more), {fake, [] {
                                         host::Facts facts = parley::testing::tree_only("powernv-power10");
                                         facts.system.machine = "ppc64le";
                                         return facts;
                                       }});
}

parley::testing::FakeHost bare_metal() {
  return {.api = parley::testing::Api::kBareMetal, .pvr = PhysicalPvr{0x00801200}};
}

TEST(ARun, OnBareMetalHasRadixAndSaysNothingAboutIt) {
  FakeKvm fake{bare_metal()};
  const Outcome outcome = run_on_bare_metal({}, fake);
  EXPECT_EQ(outcome.code, kSuccess);
  EXPECT_THAT(outcome.err, HasSubstr("guest level power10 (0x0f000006), set and read back\n"));
  EXPECT_FALSE(fake.is_hash());
}

TEST(ARun, OnBareMetalHasHashIfThatIsRequestedOrItsLevelHasNothingElse) {
  for (const std::vector<const char *> &options : {std::vector{"--mmu", "hash"}, {"--compat", "power8"}}) {
    FakeKvm fake{bare_metal()};
    const Outcome outcome = run_on_bare_metal(options, fake);
    EXPECT_EQ(outcome.code, kSuccess);
    EXPECT_THAT(outcome.err, HasSubstr(") with the hash MMU, set and read back\n"));
    EXPECT_TRUE(fake.is_hash());
  }
}

TEST(ARun, RefusesAnMmuThatTheLevelOrTheHostLacks) {
  FakeKvm fake{bare_metal()};
  const Outcome old = run_on_bare_metal({"--compat", "power8", "--mmu", "radix"}, fake);
  EXPECT_EQ(old.code, kRefused);
  EXPECT_THAT(old.err, HasSubstr("parley: power8 (0x0f000004) with the radix MMU is refused on this host"));
  EXPECT_THAT(old.err, HasSubstr("why: mmu-offered: radix was requested, and power8 has only the hash MMU\n"));
  EXPECT_THAT(old.err, HasSubstr("do:  leave --mmu out; with it, legal here: power9 to power10;"));
  FakeKvm partition;
  const Outcome nested = run_with({"--mmu", "hash"}, partition);
  EXPECT_EQ(nested.code, kRefused);
  EXPECT_EQ(messages_with_a_reason(nested.err), 1);
  EXPECT_THAT(nested.err,
              HasSubstr("why: mmu-offered: hash was requested, and guests of a partition are radix-only\n"));
  EXPECT_EQ(partition.times(kvm::abi::kCreateVm), 0) << "the refusal needs no VM";
}

TEST(ARun, OfAGuestWithGuestsOfItsOwnHasRadixOnly) {
  FakeKvm fake{bare_metal()};
  EXPECT_EQ(run_on_bare_metal({"--nested"}, fake).code, kSuccess);
  EXPECT_TRUE(fake.nested());
  EXPECT_FALSE(fake.is_hash());
  const Outcome conflict = run_on_bare_metal({"--nested", "--mmu", "hash"}, fake);
  EXPECT_EQ(conflict.code, kUsage);
  EXPECT_THAT(conflict.err, HasSubstr("KVM in the guest needs radix"));
}

TEST(ARun, CountsTheCallsToTheKernelWhenItTraces) {
  FakeKvm fake;
  fake.play(says("x"));
  const Outcome outcome = run_with({"-vv"}, fake);
  EXPECT_EQ(outcome.code, kSuccess);
  const auto entries = std::to_string(fake.times(kvm::abi::kRun));
  EXPECT_THAT(outcome.err, HasSubstr("parley: counted: KVM_RUN " + entries + "\n"));
  EXPECT_THAT(outcome.err, HasSubstr("parley: counted: exit KVM_EXIT_PAPR_HCALL 2\n"));
  FakeKvm untraced;
  EXPECT_THAT(run_with({"-v"}, untraced).err, Not(HasSubstr("counted")));
}

// The second terminal's unit comes after the first one's and the NVRAM's.
TEST(ARun, GivesEachTerminalAnEndpointOfItsOwn) {
  constexpr std::uint64_t kPutTermChar = 0x58;
  constexpr std::uint64_t kSecondUnit = 0x71000002;
  const auto path = std::filesystem::temp_directory_path() / ("parley-serial-" + std::to_string(::getpid()));
  FakeKvm fake;
  fake.play(says("first\n"));
  fake.play(parley::testing::hcall(kPutTermChar, {kSecondUnit, 7, 0x7365636f6e640a00, 0}));  // "second\n"
  const std::string file = "file:" + path.string();
  const Outcome outcome = run_with({"--serial", "stdio", "--serial", file.c_str()}, fake);
  EXPECT_EQ(outcome.code, kSuccess) << outcome.err;
  EXPECT_EQ(outcome.out, "first\n");
  EXPECT_EQ(read_text(path, 100), "second\n");
  std::filesystem::remove(path);
}

TEST(ARun, CannotConnectTwoTerminalsToStandardOutput) {
  FakeKvm fake;
  const Outcome outcome = run_with({"--serial", "stdio", "--serial", "stdio"}, fake);
  EXPECT_EQ(outcome.code, kFailure);
  EXPECT_THAT(outcome.err, HasSubstr("cannot connect two of the guest's consoles to standard input and output"));
  EXPECT_EQ(fake.open_descriptors(), 0u);
}

TEST(ARun, AtALegalLevelIsNotAffectedByALateRefusal) {
  FakeKvm fake{late_refuser()};
  EXPECT_EQ(run_with({}, fake).code, kSuccess);
  EXPECT_THAT(fake.levels_entered(), Each(kPower10Pvr));
}

TEST(ARun, ReportsALateRefusalAsARefusal) {
  FakeKvm fake{late_refuser()};
  const Outcome outcome = run_with({"--compat", "power11", "--force"}, fake);
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_THAT(fake.levels_entered(), IsEmpty());
  EXPECT_THAT(outcome.err, HasSubstr("parley: the kernel refuses power11 (0x0f000007)\n  why: "));
  EXPECT_THAT(outcome.err, HasSubstr("KVM_RUN succeeded, exit_reason 0, hardware reason 0xffffffffffffffea"));
  EXPECT_THAT(outcome.err, HasSubstr("legal here: "));
  EXPECT_THAT(outcome.err, HasSubstr("; or add --on-refusal fallback\n"));
}

TEST(ARun, FallsBackOnceAfterALateRefusalIfRequested) {
  FakeKvm fake{late_refuser()};
  fake.play(says("rescued\n"));
  const Outcome outcome = run_with({"--compat", "power11", "--force", "--on-refusal", "fallback"}, fake);
  EXPECT_EQ(outcome.code, kSuccess);
  EXPECT_EQ(outcome.out, "rescued\n");
  EXPECT_THAT(fake.levels_asked(), ElementsAre(kPower11Pvr, kPower10Pvr));
  EXPECT_THAT(fake.levels_entered(), Each(kPower10Pvr));
  EXPECT_EQ(fake.times(kvm::abi::kCreateVcpu), 1) << "on the same vCPU";
  EXPECT_THAT(outcome.err, HasSubstr("the kernel refuses power11 (0x0f000007) ("));
  EXPECT_THAT(outcome.err, HasSubstr("falling back to power10 (0x0f000006)\n"));
}

// At a level that the host has, the same signature is not a refusal of the level: no other level is tried.
TEST(ARun, DoesNotFallBackAfterAFailedEntryAtALegalLevel) {
  FakeKvm fake;
  fake.play(parley::testing::fails(0, kvm::abi::kExitUnknown, 0xffffffffffffffea));
  const Outcome outcome = run_with({"--on-refusal", "fallback"}, fake);
  EXPECT_EQ(outcome.code, kFailure);
  EXPECT_THAT(fake.levels_asked(), ElementsAre(kPower10Pvr));
  EXPECT_THAT(outcome.err, HasSubstr("the level is not above the host's"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("falling back")));
}

// On each of its threads.
TEST(ARun, EndsWithOneMessageWhenItsMemoryRunsOut) {
  const auto runs_out = [](kvm::abi::Run &) -> int { throw std::bad_alloc(); };
  FakeKvm first;
  first.play(says("first\n"));
  first.play(runs_out);
  FakeKvm second;
  second.play_on(1, runs_out);
  second.play(second.rtas("start-cpu", {1, 0x2000, 0}, 1));
  second.play([](kvm::abi::Run &page) {  // runs until it is interrupted
    while (std::atomic_ref(page.immediate_exit).load() == 0) std::this_thread::yield();
    return EINTR;
  });
  for (FakeKvm *fake : {&first, &second}) {
    const Outcome outcome = run_with({"--smp", "2"}, *fake);
    EXPECT_EQ(outcome.code, kFailure);
    EXPECT_THAT(outcome.err, HasSubstr("parley: Parley has no memory left\n  why: ENOMEM (Cannot allocate memory)\n"));
    EXPECT_EQ(fake->open_descriptors(), 0u);
    EXPECT_EQ(fake->open_mappings(), 0u);
  }
}

}  // namespace
}  // namespace parley::app
