// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <csignal>

#include "console/dispositions.hpp"
#include "running.hpp"

namespace parley::console {
namespace {

TEST(Signals, AreReportedOneByOneWhileTheLoopRuns) {
  const Dispositions before{SIGHUP};
  std::signal(SIGHUP, SIG_DFL);  // the tests may run under nohup
  devices::Vty vty;
  std::vector<int> seen;
  Console *running = nullptr;
  Events events;
  events.on_signal = [&](int signal) {
    seen.push_back(signal);
    if (seen.size() < 3) std::raise(seen.size() == 1 ? SIGHUP : SIGINT);
    if (seen.size() == 3) running->finish();
  };
  auto console = Console::open({{{Kind::kNull}, vty}}, std::move(events));
  ASSERT_TRUE(console);
  running = &*console;
  std::raise(SIGTERM);  // before run()
  console->run();
  EXPECT_EQ(seen, (std::vector{SIGTERM, SIGHUP, SIGINT}));
}

TEST(Signals, LeaveSighupIgnoredWhereItWasIgnoredBefore) {
  const Dispositions before{SIGHUP};
  std::signal(SIGHUP, SIG_IGN);  // as nohup does
  devices::Vty vty;
  std::vector<int> seen;
  Console *running = nullptr;
  Events events;
  events.on_signal = [&](int signal) {
    seen.push_back(signal);
    if (signal == SIGTERM) running->finish();
  };
  auto console = Console::open({{{Kind::kNull}, vty}}, std::move(events));
  ASSERT_TRUE(console);
  running = &*console;
  std::raise(SIGHUP);
  std::raise(SIGTERM);
  console->run();
  EXPECT_EQ(seen, std::vector{SIGTERM});
}

void do_nothing(int) {}

TEST(Signals, HaveTheirFormerActionsAfterTheConsole) {
  constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP, SIGCONT, SIGPIPE};
  const Dispositions before{SIGINT, SIGTERM, SIGHUP, SIGCONT, SIGPIPE};
  const auto handler_of = [](int signal) {
    struct sigaction action {};
    ::sigaction(signal, nullptr, &action);
    return action.sa_handler;
  };
  for (const int signal : kSignals) std::signal(signal, do_nothing);
  {
    Running running({Kind::kNull});
    for (const int signal : kSignals) EXPECT_NE(handler_of(signal), do_nothing) << signal;
  }
  for (const int signal : kSignals) EXPECT_EQ(handler_of(signal), do_nothing) << signal;
}

}  // namespace
}  // namespace parley::console
