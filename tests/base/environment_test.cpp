// SPDX-License-Identifier: Apache-2.0
#include "parley/base/environment.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <vector>

#include "base/fake_environment.hpp"

namespace parley {
namespace {

using namespace std::chrono_literals;

TEST(RealEnvironment, TellsTheSystemsWallTime) {
  const auto before = std::chrono::system_clock::now();
  const WallTime told = real_environment().wall_time();
  EXPECT_LE(before, told);
  EXPECT_LE(told, std::chrono::system_clock::now());
}

TEST(RealEnvironment, HasASteadyClockThatNeverGoesBack) {
  const SteadyTime first = real_environment().steady_time();
  EXPECT_LE(first, real_environment().steady_time());
}

TEST(RealEnvironment, CountsTheTimeThatThisThreadComputes) {
  const auto begin = real_environment().thread_time();
  while (real_environment().thread_time() < begin + 1ms) {
  }
  EXPECT_GE(real_environment().thread_time(), begin + 1ms);
}

TEST(RealEnvironment, FillsAllBytesWithRandomNumbers) {
  // Longer than one getrandom(2) is sure to give. All zero, or twice the same, once in 2^8000 runs.
  std::vector<std::byte> first(1000);
  std::vector<std::byte> second(1000);
  EXPECT_TRUE(real_environment().random(first));
  EXPECT_TRUE(real_environment().random(second));
  EXPECT_NE(first, second);
  EXPECT_NE(std::vector(first.end() - 64, first.end()), std::vector<std::byte>(64)) << "the end was filled too";
  EXPECT_TRUE(real_environment().random({}));
}

TEST(FakeEnvironment, MovesOnlyWhenToldAndRepeatsItsRandomNumbers) {
  testing::FakeEnvironment fake;
  const SteadyTime begin = fake.steady_time();
  fake.advance(2s);
  fake.compute(1s);
  EXPECT_EQ(fake.steady_time() - begin, 3s);
  EXPECT_EQ(fake.wall_time(), WallTime(3s));
  EXPECT_EQ(fake.thread_time(), 1s);
  std::array<std::byte, 2> bytes{};
  EXPECT_TRUE(fake.random(bytes));
  EXPECT_EQ(bytes, (std::array{std::byte{0}, std::byte{1}}));
  fake.fail_random(EIO);
  EXPECT_EQ(fake.random(bytes).error(), EIO);
}

}  // namespace
}  // namespace parley
