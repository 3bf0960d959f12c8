// SPDX-License-Identifier: Apache-2.0
//
// A machine from its construction to its end: the level in the run, stopping, input interrupts, delegation to KVM.
#include "parley/machine/machine.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <thread>

#include "calling_guest.hpp"

namespace parley::machine {
namespace {

class MachineRunTest : public CallingGuestTest {};

TEST_F(MachineRunTest, RunsAGuestAtItsLevelUntilItPowersOff) {
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

TEST_F(MachineRunTest, ReportsAPanicWithItsMessage) {
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

// --- Threads and nesting

TEST_F(MachineRunTest, HasCoresOfSeveralThreads) {
  FakeKvm fake;
  guest::MachinePlan two_threads = plan("power10");
  two_threads.processors = two_threads.threads = 2;
  const auto system = kvm::System::open(fake).value();
  auto of_one_thread = create_fresh_vm(system);
  ASSERT_TRUE(of_one_thread);
  auto machine = Machine::build({fake, devices()}, two_threads, observer(), std::move(*of_one_thread));
  ASSERT_TRUE(machine) << machine.error().why;
  EXPECT_EQ(fake.threads_per_core(), 2u) << "on a VM of its own: it must be set before the first vCPU";
}

TEST_F(MachineRunTest, MayRunGuestsOfItsOwnOnlyIfItsPlanSaysSo) {
  FakeKvm fake{{.api = Api::kBareMetal}};
  guest::MachinePlan nested = plan("power10");
  EXPECT_TRUE(Machine::build({fake, devices()}, nested, observer()));
  EXPECT_FALSE(fake.nested());
  nested.nested = true;
  EXPECT_TRUE(Machine::build({fake, devices()}, nested, observer()));
  EXPECT_TRUE(fake.nested());
}

// --- Stopping

TEST_F(MachineRunTest, StopsFromAnotherThreadWhileTheGuestSpins) {
  FakeKvm fake;
  std::atomic<bool> entered = false;
  std::function<int(abi::Run &)> spin = [&](abi::Run &) {
    entered = true;
    fake.play(spin);  // endlessly
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

// The guest does not leave by itself, and only a signal ends the system call. The parent process may have blocked that
// signal.
TEST_F(MachineRunTest, InterruptsASystemCallThatBlocksItsThread) {
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
  // The signal may come before the thread sleeps. KVM_RUN handles that with immediate_exit; here the signal is
  // repeated.
  while (!done) {
    machine.stop();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  vcpu.join();
  EXPECT_TRUE(std::holds_alternative<Stopped>(*end));
}

TEST_F(MachineRunTest, EndsAtOnceIfItWasStoppedBeforeTheRun) {
  FakeKvm fake;
  auto machine = Machine::build({fake, devices()}, plan("power10"), observer()).value();
  machine.stop();
  EXPECT_TRUE(std::holds_alternative<Stopped>(machine.run()));
  EXPECT_THAT(fake.levels_entered(), IsEmpty());
}

// --- Interrupts and delegation

TEST_F(MachineRunTest, RaisesTheTerminalsInterruptWhenThereIsInput) {
  FakeKvm fake;
  fake.play(then([&] { vty().feed("x"); }));
  run(fake, two_processor_plan());
  EXPECT_THAT(fake.pulses(), ElementsAre(0x1100));
}

TEST_F(MachineRunTest, GivesEachTerminalItsOwnInterrupt) {
  FakeKvm fake;
  auto plan = two_processor_plan();
  plan.interrupts = {};
  plan.devices = devices::usual_devices(2, plan.interrupts);
  auto both = devices::Devices::build(plan.devices).value();
  const std::uint32_t second = both.terminals()[1].spec.unit;
  fake.play(then([&] { both.terminal(second)->feed("x"); }));
  fake.play(hcall(0x58, {second, 2, 0x6869000000000000, 0}));  // H_PUT_TERM_CHAR "hi"
  fake.play(says("first"));
  auto machine = Machine::build({fake, both}, std::move(plan), observer());
  ASSERT_TRUE(machine) << machine.error().why;
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(machine->run()));
  EXPECT_THAT(fake.pulses(), ElementsAre(0x1101));
  EXPECT_EQ(both.terminals()[0].vty->take_output(100), ".first") << "then() prints the dot";
  EXPECT_EQ(both.terminals()[1].vty->take_output(100), "hi");
}

TEST_F(MachineRunTest, EndsTheGuestIfTheInterruptCannotBeRaised) {
  FakeKvm fake;
  fake.fail(abi::kIrqLine, EIO);
  fake.play(then([&] { vty().feed("x"); }));
  const End end = run(fake, two_processor_plan());
  EXPECT_THAT(failure(end).what, HasSubstr("has input"));
  EXPECT_THAT(failure(end).why, HasSubstr("KVM_IRQ_LINE: EIO"));
}

TEST_F(MachineRunTest, DelegatesTheCallsThatTheKernelCanAnswer) {
  FakeKvm fake;
  auto delegating = two_processor_plan();
  host::KvmFacts facts;
  facts.capabilities["KVM_CAP_PPC_ENABLE_HCALL"] = 1;
  delegating.papr = papr_interface(facts);
  run(fake, delegating);
  EXPECT_THAT(fake.enabled_hcalls(), ElementsAre(0x31c));
  EXPECT_EQ(fake.rtas_tokens().size(), 4u);
}

}  // namespace
}  // namespace parley::machine
