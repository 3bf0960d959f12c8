// SPDX-License-Identifier: Apache-2.0
//
// Sessions on a fake KVM: how a guest may end, how it is stopped, what survives a reboot, and reboots on a host that
// was migrated. The guest is a script of exits (tests/kvm/fake_kvm.hpp); after its last one it powers off.
#include "parley/session/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session/migrated_host.hpp"
#include "session/sessions.hpp"

namespace parley::session {
namespace {

using parley::testing::FakeKvm;
using parley::testing::MigratedHost;
using parley::testing::plan_for;
using parley::testing::reference_host;
using parley::testing::runs_on;
using parley::testing::says;
using parley::testing::was_stopped_by;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Session open(FakeKvm &fake, Settings settings = {}, Hooks hooks = {}) {
  return Session::open(fake, {.plan = plan_for(reference_host(fake))}, settings, std::move(hooks)).value();
}
// Collects the guest's output.
void listen(Session &session, std::string &output) {
  devices::Vty &vty = *session.devices().terminal(0);
  vty.connect({[&vty, &output] { output += vty.take_output(devices::Vty::kOutputLimit); }, {}});
}
bool powered_off(const Outcome &outcome) {
  const auto *ended = std::get_if<machine::GuestEnded>(&outcome);
  return ended != nullptr && ended->shutdown.kind == papr::Shutdown::Kind::kPowerOff;
}

TEST(ASession, RunsAGuestToItsEndAndLeavesNothingOpen) {
  FakeKvm fake;
  fake.play(says("hello\n"));
  std::string output;
  {
    Session session = open(fake);
    listen(session, output);
    EXPECT_TRUE(powered_off(session.run()));
  }
  EXPECT_EQ(output, "hello\n");
  EXPECT_EQ(fake.open_descriptors(), 0u);
  EXPECT_EQ(fake.open_mappings(), 0u);
}

TEST(ASession, StartsAGuestThatRebootsOnANewMachineWithTheSameTerminal) {
  FakeKvm fake;
  fake.play(says("one\n"));
  fake.play(fake.rtas("system-reboot", {}, 1));
  fake.play(says("two\n"));
  int reboots = 0;
  std::string output;
  Session session = open(fake, {}, {.on_reboot = [&] { ++reboots; }});
  listen(session, output);
  const int machines = fake.times(kvm::abi::kCreateVm);
  EXPECT_TRUE(powered_off(session.run()));
  EXPECT_EQ(output, "one\ntwo\n");
  EXPECT_EQ(reboots, 1);
  EXPECT_EQ(fake.times(kvm::abi::kCreateVm), machines + 1);
}

TEST(ASession, WithoutRebootsEndsWithTheFirstOne) {
  FakeKvm fake;
  fake.play(fake.rtas("system-reboot", {}, 1));
  const Outcome outcome = open(fake, {.reboot = false}).run();
  EXPECT_EQ(std::get<machine::GuestEnded>(outcome).shutdown.kind, papr::Shutdown::Kind::kReboot);
  EXPECT_FALSE(failure_of(outcome));
}

TEST(ASession, IsStoppedFromAnotherThreadAndTheFirstReasonCounts) {
  FakeKvm fake;
  Session *running = nullptr;
  fake.play([&](kvm::abi::Run &page) {
    std::jthread([&] {
      running->stop(StopSignal{15});
      running->stop(StopRequested{});
    }).join();
    return runs_on(page);
  });
  Session session = open(fake);
  running = &session;
  const Outcome outcome = session.run();
  ASSERT_TRUE(was_stopped_by<StopSignal>(outcome));
  EXPECT_EQ(std::get<StopSignal>(std::get<Stopped>(outcome).reason).number, 15);
  EXPECT_FALSE(failure_of(outcome));
}

TEST(ASession, ThatIsStoppedBeforeItsStartNeverEntersTheGuest) {
  FakeKvm fake;
  Session session = open(fake);
  session.stop(StopRequested{});
  EXPECT_TRUE(was_stopped_by<StopRequested>(session.run()));
  EXPECT_THAT(fake.levels_entered(), ElementsAre());
}

TEST(ASession, ThatIsStoppedWhileItsGuestRebootsDoesNotEnterTheGuestAgain) {
  FakeKvm fake;
  fake.play(fake.rtas("system-reboot", {}, 1));
  Session *rebooting = nullptr;
  Session session = open(fake, {}, {.on_reboot = [&] { rebooting->stop(StopRequested{}); }});
  rebooting = &session;
  EXPECT_TRUE(was_stopped_by<StopRequested>(session.run()));
  EXPECT_EQ(fake.levels_entered().size(), 1u);
}

TEST(ASession, RunsOnlyOnce) {
  FakeKvm fake;
  Session session = open(fake);
  EXPECT_TRUE(powered_off(session.run()));
  EXPECT_EQ(failure_of(session.run())->what, "the session has ended");
}

TEST(ASession, EndsAtItsTimeLimit) {
  FakeKvm fake;
  fake.play(runs_on);
  EXPECT_TRUE(was_stopped_by<TimeLimitPassed>(open(fake, {.time_limit = std::chrono::seconds(0)}).run()));
}

TEST(ASession, WhoseGuestEndsInTimeDoesNotWaitForTheLimit) {
  FakeKvm fake;
  EXPECT_TRUE(powered_off(open(fake, {.time_limit = std::chrono::seconds(3600)}).run()));
}

TEST(ASession, FailsIfItsFirstHookFailsAndDoesNotEnterTheGuest) {
  FakeKvm fake;
  const auto refuse = [] { return std::expected<void, Failure>(std::unexpected(Failure{"no sandbox", "EPERM", ""})); };
  const Outcome outcome = open(fake, {}, {.before_start = refuse}).run();
  EXPECT_EQ(failure_of(outcome)->what, "no sandbox");
  EXPECT_THAT(fake.levels_entered(), ElementsAre());
}

TEST(ASession, SaysWhyItsMachineCannotBeBuiltAtFirstOrAfterAReboot) {
  FakeKvm fails_first;
  const auto host = reference_host(fails_first);
  fails_first.fail(kvm::abi::kCreateVm, ENOMEM, 2);  // the first one is the probe's
  const auto refused = Session::open(fails_first, {.plan = plan_for(host)});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().why, HasSubstr("ENOMEM"));

  FakeKvm fails_later;
  fails_later.fail(kvm::abi::kCreateVm, ENOMEM, 3);
  fails_later.play(fails_later.rtas("system-reboot", {}, 1));
  EXPECT_THAT(failure_of(open(fails_later).run())->why, HasSubstr("ENOMEM"));
}

TEST(ASession, HasTheGuestsPanicAsItsFailure) {
  FakeKvm fake;
  fake.play(fake.rtas("ibm,os-term", {0}, 1));
  EXPECT_EQ(failure_of(open(fake).run())->what, "the guest panicked");
}

// --- Reboots on a host that was migrated

class ASessionOnAMigratedHost : public ::testing::Test {
 protected:
  // The host is migrated to that level, and then the guest reboots.
  Outcome run(char level, const char *guest_level) {
    fake_.play([this, level](kvm::abi::Run &page) {
      host_.move_to(level);
      return reboot_(page);
    });
    compat::AssessedHost host = host_.assessed(fake_);
    guest::GuestRequest request;
    request.memory_size = guest::kMinMemory;
    request.payload = guest::builtin_payload();
    const auto decision = compat::decide({*compat::parse_wish(guest_level)}, host);
    auto plan = guest::plan_machine(std::move(request), *decision, host, machine::papr_interface(host.facts.kvm));
    return Session::open(fake_, {.plan = std::move(*plan), .host_watch = *HostWatch::open(std::move(host))}, {},
                         {.on_host_change = [this](const HostChange &change) { changes_.push_back(change.after); }})
        ->run();
  }

  FakeKvm fake_;
  const MigratedHost host_;
  const parley::testing::PlayedExit reboot_ = fake_.rtas("system-reboot", {}, 1);
  std::vector<std::string> changes_;
};

TEST_F(ASessionOnAMigratedHost, DoesNotStartAGuestAgainWhoseLevelIsNoLongerLegal) {
  const Outcome outcome = run(5, "power10");
  ASSERT_TRUE(std::holds_alternative<machine::LevelRefused>(outcome));
  EXPECT_THAT(failure_of(outcome)->what, HasSubstr("power10 (0x0f000006) is no longer legal on this host"));
}

TEST_F(ASessionOnAMigratedHost, ReportsTheChangeIfTheLevelIsStillLegal) {
  EXPECT_TRUE(powered_off(run(5, "power9")));
  EXPECT_THAT(changes_, ElementsAre(HasSubstr("power9")));
}

TEST_F(ASessionOnAMigratedHost, ReportsNothingIfTheLevelIsTheSame) {
  EXPECT_TRUE(powered_off(run(6, "power10")));
  EXPECT_THAT(changes_, ElementsAre());
}

}  // namespace
}  // namespace parley::session
