// SPDX-License-Identifier: Apache-2.0
#include "parley/devices/clock.hpp"

#include <gtest/gtest.h>

#include "base/fake_environment.hpp"

namespace parley::devices {
namespace {

using namespace std::chrono_literals;
using testing::FakeEnvironment;

constexpr Clock::Time kToday{std::chrono::sys_days(std::chrono::year(2024) / 2 / 29)};

TEST(Clock, StartsWithTheHostsTime) {
  FakeEnvironment environment;
  environment.set_wall_time(kToday);
  EXPECT_EQ(Clock(environment).now(), kToday);
}

TEST(Clock, ContinuesFromTheTimeThatTheGuestSets) {
  FakeEnvironment environment;
  environment.set_wall_time(kToday);
  Clock clock(environment);
  for (const auto time : {Clock::Time(std::chrono::sys_days(std::chrono::year(1970) / 1 / 1)),
                          Clock::Time(std::chrono::sys_days(std::chrono::year(2200) / 12 / 31))}) {
    clock.set(time);
    EXPECT_EQ(clock.now(), time);
    environment.advance(2ms);
    EXPECT_EQ(clock.now(), time + 2ms);
  }
}

TEST(Clock, ReadsTheRealClockByDefault) {
  const auto before = std::chrono::system_clock::now();
  const auto told = Clock().now();
  EXPECT_LE(before, told);
  EXPECT_LE(told, std::chrono::system_clock::now());
}

}  // namespace
}  // namespace parley::devices
