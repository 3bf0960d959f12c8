// SPDX-License-Identifier: Apache-2.0
#include "parley/console/signal_loop.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <thread>
#include <vector>

namespace parley::console {
namespace {

TEST(SignalLoop, TellsEachSignalThatEndsAProgram) {
  std::vector<int> seen;
  SignalLoop *running = nullptr;
  SignalLoop loop([&](int signal) {
    seen.push_back(signal);
    if (seen.size() < 3) std::raise(seen.size() == 1 ? SIGHUP : SIGINT);
    if (seen.size() == 3) running->finish();
  });
  running = &loop;
  std::raise(SIGTERM);
  loop.run();
  EXPECT_EQ(seen, (std::vector{SIGTERM, SIGHUP, SIGINT}));
}

TEST(SignalLoop, EndsWhenAnotherThreadSaysSo) {
  SignalLoop loop([](int) { FAIL() << "there was no signal"; });
  const std::jthread other([&] { loop.finish(); });
  loop.run();
}

TEST(SignalLoop, EndsAtOnceWhenItWasFinishedBefore) {
  SignalLoop loop([](int) {});
  loop.finish();
  loop.run();
}

}  // namespace
}  // namespace parley::console
