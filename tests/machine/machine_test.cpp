// SPDX-License-Identifier: Apache-2.0
#include "parley/machine/machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <thread>

#include "machine_fixture.hpp"
#include "parley/papr/hcall.hpp"

namespace parley::machine {
namespace {

TEST_F(MachineTest, RunsAGuestAtItsLevelUntilItPowersOff) {
  FakeKvm fake;
  fake.play(says("hello, "));
  fake.play(says("world\n"));
  const End end = run(fake, plan("power10"));
  EXPECT_EQ(std::get<GuestEnded>(end).shutdown.kind, papr::Shutdown::Kind::kPowerOff);
  EXPECT_EQ(console(), "hello, world\n");
  EXPECT_THAT(fake.levels_entered(), ElementsAre(kPower10, kPower10, kPower10));
  ASSERT_EQ(notices_.size(), 1u);
  EXPECT_EQ(std::get<LevelTaken>(notices_[0]).target, Target::of(level("power10")));
}

TEST_F(MachineTest, EntersTheGuestAtItsEntryWithTheTreeInR3) {
  FakeKvm fake;
  const auto machine_plan = plan("power9");
  std::uint32_t in_tree = 0;
  fake.play([&](abi::Run &page) {
    in_tree = cpu_version_in_tree(fake);
    return says("x")(page);
  });
  run(fake, machine_plan);
  EXPECT_EQ(in_tree, kPower9);
  EXPECT_EQ(fake.regs().pc, 0u);
  EXPECT_EQ(fake.regs().gpr[3], machine_plan.tree_at.value);
  EXPECT_EQ(fake.regs().msr, 0x8000000000001001u);
}

TEST_F(MachineTest, EntersABigEndianPayloadWithTheLittleEndianBitClear) {
  FakeKvm fake;
  auto machine_plan = plan("power10");
  machine_plan.payload.little_endian = false;
  run(fake, machine_plan);
  EXPECT_EQ(fake.regs().msr, 0x8000000000001000u);
}

TEST_F(MachineTest, DoesNotEnterTheGuestWhenTheKernelRefusesTheLevel) {
  FakeKvm fake{{.level = level("power9")}};
  const End end = run(fake, plan("power10"));
  EXPECT_TRUE(std::holds_alternative<LevelRefused>(end));
  EXPECT_THAT(fake.levels_entered(), IsEmpty());
  EXPECT_EQ(fake.times(abi::kRun), 0);
  EXPECT_THAT(failure(end).why,
              HasSubstr("cpu-version 0x0f000006; asked 0x0f000006: KVM_SET_ONE_REG arch_compat EINVAL"));
}

TEST_F(MachineTest, MeetsKvmRunsRefusalOfAForcedLevelAndSurvivesIt) {
  FakeKvm fake;
  auto forced = plan("power11");
  forced.forced = true;
  const End end = run(fake, forced);
  ASSERT_TRUE(std::holds_alternative<LevelRefused>(end));
  EXPECT_THAT(failure(end).what, HasSubstr("power11"));
  EXPECT_THAT(failure(end).why,
              HasSubstr("KVM_RUN EINVAL (Invalid argument), exit_reason 17, arch_compat reads back 0xffffffff"));
  EXPECT_THAT(failure(end).what_to_do, HasSubstr("legal here: power9 to power10"));
  EXPECT_EQ(fake.times(abi::kRun), 1);
  EXPECT_THAT(fake.levels_entered(), IsEmpty());
  ASSERT_EQ(notices_.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<LevelForced>(notices_[0]));
}

TEST_F(MachineTest, TellsWhatTheKernelAnsweredToEachLevelAndHowKvmRunFailed) {
  FakeKvm fake;
  auto forced = plan("power11");
  forced.forced = true;
  forced.fallbacks = {Target::of(level("power10"))};
  std::vector<kvm::SettingOutcome> settings;
  std::vector<kvm::RunFailureKind> failures;
  Observer watching = observer();
  watching.setting = [&](const kvm::LevelSetting &setting) { settings.push_back(setting.outcome); };
  watching.failure = [&](const kvm::RunFailure &failure) { failures.push_back(failure.kind); };
  auto machine = Machine::build({fake, devices()}, forced, watching);
  ASSERT_TRUE(machine);
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(machine->run()));
  EXPECT_THAT(settings, ElementsAre(kvm::SettingOutcome::kPoisoned, kvm::SettingOutcome::kTaken));
  EXPECT_THAT(failures, ElementsAre(kvm::RunFailureKind::kLevelInvalid));
}

TEST_F(MachineTest, RescuesTheSameVcpuAfterKvmRunRefused) {
  FakeKvm fake;
  auto forced = plan("power11");
  forced.forced = true;
  forced.fallbacks = {Target::of(level("power10"))};
  const End end = run(fake, forced);
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(end));
  EXPECT_EQ(fake.times(abi::kCreateVcpu), 1);
  EXPECT_THAT(fake.levels_asked(), ElementsAre(kPower11, kPower10));
  EXPECT_THAT(fake.levels_entered(), ElementsAre(kPower10));
  ASSERT_EQ(notices_.size(), 3u);
  const auto &replaced = std::get<LevelReplaced>(notices_[1]);
  EXPECT_EQ(replaced.next, Target::of(level("power10")));
  EXPECT_THAT(replaced.evidence, HasSubstr("exit_reason 17"));
  EXPECT_TRUE(std::holds_alternative<LevelTaken>(notices_[2]));
}

TEST_F(MachineTest, NeverRunsAForcedLevelThatTheKernelRefusedWithoutAMark) {
  FakeKvm fake;
  auto forced = plan("power8");
  forced.forced = true;
  EXPECT_TRUE(std::holds_alternative<LevelRefused>(run(fake, forced)));
  EXPECT_EQ(fake.times(abi::kRun), 0) << "the vCPU would have run raw";
}

TEST_F(MachineTest, FallsBackThroughAllLevelsThatThePlanAllows) {
  FakeKvm fake{{.level = level("power9")}};
  auto falling = plan("power10");
  falling.fallbacks = {Target{LogicalPvr{0x0f000008}}, Target::of(level("power9"))};
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, falling)));
  EXPECT_THAT(fake.levels_entered(), ElementsAre(kPower9));
}

TEST_F(MachineTest, SaysThatTheLastFallbackWasRefusedToo) {
  FakeKvm fake{{.level = level("power9"), .grants_power9 = false}};
  auto falling = plan("power10");
  falling.fallbacks = {Target::of(level("power9"))};
  const End end = run(fake, falling);
  ASSERT_TRUE(std::holds_alternative<LevelRefused>(end));
  EXPECT_THAT(failure(end).what, HasSubstr("power9"));
}

// PowerVM under a kernel without the fix: the level is taken, and refused only when the guest is entered.
TEST_F(MachineTest, ReplacesALevelThatTheHypervisorRefusesLate) {
  FakeKvm fake{{.fixed = false, .hypervisor_checks = true}};
  auto late = plan("power11");
  late.forced = true;
  late.fallbacks = {Target::of(level("power10"))};
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, late)));
  EXPECT_THAT(fake.levels_entered(), ElementsAre(kPower10));
}

TEST_F(MachineTest, CountsALateRefusalOfALevelAboveTheHostAsARefusal) {
  FakeKvm fake{{.fixed = false, .hypervisor_checks = true}};
  auto late = plan("power11");
  late.forced = true;
  const End end = run(fake, late);
  ASSERT_TRUE(std::holds_alternative<LevelRefused>(end));
  EXPECT_THAT(failure(end).why, HasSubstr("0xffffffffffffffea"));
}

// An illegal instruction under an emulated hypervisor looks the same.
TEST_F(MachineTest, DoesNotTakeAFailedEntryAtALegalLevelForARefusal) {
  FakeKvm fake;
  fake.play(fails(0, abi::kExitUnknown, static_cast<std::uint64_t>(-EINVAL)));
  auto falling = plan("power10");
  falling.fallbacks = {Target::of(level("power9"))};
  const End end = run(fake, falling);
  ASSERT_TRUE(std::holds_alternative<RunFailed>(end));
  EXPECT_THAT(failure(end).what, HasSubstr("the hypervisor refused to enter the guest"));
  EXPECT_THAT(fake.levels_asked(), ElementsAre(kPower10));
}

TEST_F(MachineTest, DoesNotStartAGuestAnewThatHasRun) {
  FakeKvm fake;
  fake.play(says("I ran"));
  fake.play(fails(0, abi::kExitUnknown, static_cast<std::uint64_t>(-EINVAL)));
  auto falling = plan("power10");
  falling.fallbacks = {Target::of(level("power9"))};
  EXPECT_TRUE(std::holds_alternative<RunFailed>(run(fake, falling)));
  EXPECT_THAT(fake.levels_asked(), ElementsAre(kPower10));
}

TEST_F(MachineTest, SaysWhereAGuestStoodThatTheHypervisorEndedAndBlamesNoLevel) {
  FakeKvm fake;
  fake.play(says("I ran"));
  fake.play([&](abi::Run &page) {
    fake.move_to(8);
    return fails(0, abi::kExitUnknown, static_cast<std::uint64_t>(-EINVAL))(page);
  });
  const End end = run(fake, plan("power10"));
  EXPECT_EQ(failure(end).what, "the hypervisor ended the guest while it ran");
  EXPECT_THAT(
      failure(end).why,
      HasSubstr("the level was taken and the guest ran; vCPU 0 stood at pc=0x0000000000000008, instruction 0x"));
  EXPECT_THAT(failure(end).what_to_do, ::testing::Not(HasSubstr("lower")));
}

// Before the first exit as after it, and at whichever level.
TEST_F(MachineTest, TakesAGuestThatHasMovedForOneThatRan) {
  FakeKvm fake{{.fixed = false}};
  fake.play([&](abi::Run &page) {
    fake.move_to(0x100);
    return fails(0, abi::kExitUnknown, static_cast<std::uint64_t>(-EINVAL))(page);
  });
  auto forced = plan("power11");
  forced.forced = true;
  forced.fallbacks = {Target::of(level("power10"))};
  const End end = run(fake, forced);
  EXPECT_THAT(failure(end).what, HasSubstr("while it ran"));
  EXPECT_THAT(failure(end).what_to_do, ::testing::Not(HasSubstr("lower")));
  EXPECT_THAT(fake.levels_asked(), ElementsAre(kPower11)) << "it is not started anew";
}

TEST_F(MachineTest, SaysNothingOfALevelToARawGuest) {
  for (const std::uint64_t pc : {0u, 8u}) {
    FakeKvm fake;
    fake.play([&](abi::Run &page) {
      fake.move_to(pc);
      return fails(0, abi::kExitUnknown, static_cast<std::uint64_t>(-EINVAL))(page);
    });
    auto raw = plan("power10");
    raw.level = Target::raw();
    const End end = run(fake, raw);
    EXPECT_THAT(failure(end).why, HasSubstr("vCPU 0 stood at pc="));
    EXPECT_THAT(failure(end).why, ::testing::Not(HasSubstr("the level")));
  }
}

TEST_F(MachineTest, DoesNotTrustAGuestWhoseLevelChangedWhileItRan) {
  FakeKvm fake;
  fake.play([&](abi::Run &page) {
    fake.overwrite_arch_compat(kPower9);
    return says("x")(page);
  });
  const End end = run(fake, plan("power10"));
  EXPECT_THAT(failure(end).what, HasSubstr("not provably at power10"));
  EXPECT_THAT(failure(end).why, HasSubstr("0x0f000005"));
}

TEST_F(MachineTest, DoesNotTrustAGuestWhoseLevelCannotBeReadAfterwards) {
  FakeKvm fake;
  fake.fail(abi::kGetOneReg, EFAULT, 3);  // after the ones before and after the setting
  EXPECT_THAT(failure(run(fake, plan("power10"))).what, HasSubstr("not provably at power10"));
}

TEST_F(MachineTest, DoesNotTakeAFailedSettingForARefusal) {
  const struct {
    std::uint32_t call;
    int error;
    int nth;
  } failures[] = {{abi::kGetOneReg, EIO, 2}, {abi::kEnableCap, EPERM, 1}, {abi::kSetOneReg, EFAULT, 1}};
  for (const auto &[call, error, nth] : failures) {
    FakeKvm fake;
    fake.fail(call, error, nth);
    auto falling = plan("power10");
    falling.fallbacks = {Target::of(level("power9"))};
    EXPECT_TRUE(std::holds_alternative<RunFailed>(run(fake, falling))) << call;
    EXPECT_THAT(notices_, IsEmpty());
  }
}

TEST_F(MachineTest, AnswersAnUnknownHcallWithHFunctionAndRunsOn) {
  FakeKvm fake;
  std::uint64_t status = 0;
  fake.play(hcall(0x4711 * 4, {}));
  fake.play([&](abi::Run &page) {
    status = page.papr_hcall.ret;
    return says("still here")(page);
  });
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, plan("power10"))));
  EXPECT_EQ(static_cast<std::int64_t>(status), -2);
  EXPECT_EQ(console(), "still here");
}

TEST_F(MachineTest, AnswersUnreadableRtasArgumentsWithHParameterAndRunsOn) {
  FakeKvm fake;
  std::uint64_t status = 0;
  fake.play(fails(EFAULT, abi::kExitPaprHcall));
  fake.play([&](abi::Run &page) {
    status = page.papr_hcall.ret;
    return says("x")(page);
  });
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, plan("power10"))));
  EXPECT_EQ(static_cast<std::int64_t>(status), -4);
}

TEST_F(MachineTest, AnswersALoadFromAnUnusedAddressWithOnes) {
  FakeKvm fake;
  std::uint8_t loaded = 0;
  fake.play(testing::load(0x1000000, 8));
  fake.play([&](abi::Run &page) {
    loaded = page.mmio.data[7];
    return says("x")(page);
  });
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, plan("power10"))));
  EXPECT_EQ(loaded, 0xff);
}

TEST_F(MachineTest, IsNotEndedByAnInterruption) {
  FakeKvm fake;
  for (int i = 0; i < 100; ++i) fake.play(fails(EINTR, abi::kExitIntr));
  fake.play(says("on"));
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, plan("power10"))));
  EXPECT_EQ(console(), "on");
}

TEST_F(MachineTest, TriesAgainWhenTheKernelAsksForItButNotForEver) {
  FakeKvm patient;
  for (int i = 0; i < 100; ++i) patient.play(fails(EAGAIN));
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(patient, plan("power10"))));
  FakeKvm endless;
  for (int i = 0; i < 5000; ++i) endless.play(fails(EAGAIN));
  EXPECT_THAT(failure(run(endless, plan("power10"))).what, HasSubstr("EAGAIN"));
}

TEST_F(MachineTest, EndsOnEveryOtherFailureWithItsSentence) {
  const struct {
    int error;
    std::optional<std::uint32_t> reason;
    const char *sentence;
  } cases[] = {{EIO, {}, "another process"},
               {EFAULT, 0, "cannot access the memory"},
               {ENOMEM, {}, "out of memory"},
               {EINVAL, {}, "rejected the call"},
               {0, abi::kExitFailEntry, "refused to enter"},
               {0, abi::kExitInternalError, "hypervisor mode"},
               {0, abi::kExitNmi, "machine check"}};
  for (const auto &expected : cases) {
    FakeKvm fake;
    fake.play(fails(expected.error, expected.reason));
    const End end = run(fake, plan("power10"));
    ASSERT_TRUE(std::holds_alternative<RunFailed>(end)) << expected.sentence;
    EXPECT_THAT(failure(end).what, HasSubstr(expected.sentence));
  }
}

TEST_F(MachineTest, StopsFromAnotherThreadWhileTheGuestSpins) {
  FakeKvm fake;
  std::atomic<bool> entered = false;
  std::function<int(abi::Run &)> spin = [&](abi::Run &) {
    entered = true;
    fake.play(spin);  // for ever
    return EINTR;
  };
  fake.play(spin);
  auto machine = Machine::build({fake, devices()}, plan("power10"), observer()).value();
  std::optional<End> end;
  std::jthread vcpu([&] { end = machine.run(); });
  while (!entered) std::this_thread::yield();
  machine.stop();
  vcpu.join();
  EXPECT_TRUE(std::holds_alternative<Stopped>(*end));
}

// A guest that does not leave by itself, and a kernel call that only a signal ends. Whoever started the program may
// have blocked that signal.
TEST_F(MachineTest, InterruptsTheCallThatItsThreadWaitsIn) {
  FakeKvm fake;
  std::atomic<bool> waiting = false;
  fake.play([&](abi::Run &) {
    waiting = true;
    const timespec long_time{60, 0};
    return nanosleep(&long_time, nullptr) == 0 ? 0 : errno;
  });
  auto machine = Machine::build({fake, devices()}, plan("power10"), observer()).value();
  std::optional<End> end;
  std::atomic<bool> done = false;
  std::jthread vcpu([&] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    end = machine.run();
    done = true;
  });
  while (!waiting) std::this_thread::yield();
  // The signal could come before the thread sleeps, which KVM_RUN's immediate_exit makes up for; here it is sent again.
  while (!done) {
    machine.stop();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  vcpu.join();
  EXPECT_TRUE(std::holds_alternative<Stopped>(*end));
}

TEST_F(MachineTest, StopsBeforeItRuns) {
  FakeKvm fake;
  auto machine = Machine::build({fake, devices()}, plan("power10"), observer()).value();
  machine.stop();
  EXPECT_TRUE(std::holds_alternative<Stopped>(machine.run()));
  EXPECT_THAT(fake.levels_entered(), IsEmpty());
}

TEST_F(MachineTest, ReportsAPanicWithItsMessage) {
  FakeKvm fake;
  fake.play([&](abi::Run &page) {
    const std::uint32_t block[] = {4, 1, 1, 0x9000};  // ibm,os-term
    for (std::size_t i = 0; i < std::size(block); ++i) store_be(fake.ram().subspan(0x8000 + 4 * i), block[i]);
    std::ranges::transform(std::string_view("out of tea"), fake.ram().begin() + 0x9000,
                           [](char c) { return static_cast<std::byte>(c); });
    return hcall(papr::kHcallRtas, {0x8000})(page);
  });
  const End end = run(fake, plan("power10"));
  EXPECT_EQ(std::get<GuestEnded>(end).shutdown.message, "out of tea");
}

}  // namespace
}  // namespace parley::machine
