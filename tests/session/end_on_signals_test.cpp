// SPDX-License-Identifier: Apache-2.0
#include "parley/session/end_on_signals.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

#include "session/sessions.hpp"

namespace parley::session {
namespace {

using parley::testing::FakeKvm;
using parley::testing::plan_for;
using parley::testing::reference_host;
using parley::testing::runs_on;
using parley::testing::was_stopped_by;

Session open(FakeKvm &fake) { return Session::open(fake, {.plan = plan_for(reference_host(fake))}).value(); }

bool is_blocked(int signal) {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return sigismember(&mask, signal) == 1;
}

// The process may have been started with SIGHUP ignored (nohup).
class SighupEnds {
 public:
  SighupEnds() : before_(std::signal(SIGHUP, SIG_DFL)) {}
  ~SighupEnds() { std::signal(SIGHUP, before_); }
  SighupEnds(const SighupEnds &) = delete;
  SighupEnds &operator=(const SighupEnds &) = delete;

 private:
  void (*before_)(int);
};

TEST(EndOnSignals, StopsTheSessionWithTheSignalsNumber) {
  const SighupEnds sighup;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    FakeKvm fake;
    fake.play([signal](kvm::abi::Run &page) {
      ::kill(::getpid(), signal);
      return runs_on(page);
    });
    Session session = open(fake);
    const auto ending = EndOnSignals::start(session);
    ASSERT_TRUE(ending);
    const Outcome outcome = session.run();
    ASSERT_TRUE(was_stopped_by<StopSignal>(outcome));
    EXPECT_EQ(std::get<StopSignal>(std::get<Stopped>(outcome).reason).number, signal);
  }
}

TEST(EndOnSignals, RestoresTheMaskOfTheThread) {
  FakeKvm fake;
  Session session = open(fake);
  {
    const auto ending = EndOnSignals::start(session);
    EXPECT_TRUE(is_blocked(SIGTERM));
  }
  EXPECT_FALSE(is_blocked(SIGTERM));
}

TEST(EndOnSignals, LeavesSighupIgnoredUnderNohup) {
  const auto before = std::signal(SIGHUP, SIG_IGN);
  FakeKvm fake;
  Session session = open(fake);
  {
    const auto ending = EndOnSignals::start(session);
    EXPECT_FALSE(is_blocked(SIGHUP));
  }
  std::signal(SIGHUP, before);
}

}  // namespace
}  // namespace parley::session
