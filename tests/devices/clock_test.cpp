// SPDX-License-Identifier: Apache-2.0
#include "parley/devices/clock.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace parley::devices {
namespace {

using namespace std::chrono_literals;

TEST(Clock, BeginsAsTheHosts) {
  const Clock clock;
  const auto before = std::chrono::system_clock::now();
  const auto told = clock.now();
  EXPECT_LE(before, told);
  EXPECT_LE(told, std::chrono::system_clock::now());
}

TEST(Clock, GoesOnFromWhereItIsSet) {
  Clock clock;
  for (const auto time : {Clock::Time(std::chrono::sys_days(std::chrono::year(1970) / 1 / 1)),
                          Clock::Time(std::chrono::sys_days(std::chrono::year(2200) / 12 / 31))}) {
    clock.set(time);
    const auto first = clock.now();
    EXPECT_GE(first, time);
    EXPECT_LT(first, time + 1min);
    std::this_thread::sleep_for(2ms);
    EXPECT_GE(clock.now(), first + 2ms);
  }
}

}  // namespace
}  // namespace parley::devices
