// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "parley/base/environment.hpp"

namespace parley::testing {

/// Clocks that stand still until the test moves them, and random bytes that count up from 0. For one thread.
class FakeEnvironment final : public Environment {
 public:
  WallTime wall_time() override { return wall_time_; }
  SteadyTime steady_time() override { return steady_time_; }
  std::chrono::nanoseconds thread_time() override { return thread_time_; }
  std::expected<void, int> random(std::span<std::byte> into) override {
    if (random_error_) return std::unexpected(*random_error_);
    std::ranges::generate(into, [this] { return static_cast<std::byte>(next_random_++); });
    return {};
  }

  void set_wall_time(WallTime time) { wall_time_ = time; }
  /// Moves the wall clock and the steady clock forward. The threads sleep meanwhile.
  void advance(std::chrono::nanoseconds time) {
    wall_time_ += time;
    steady_time_ += time;
  }
  /// The same while the thread computes.
  void compute(std::chrono::nanoseconds time) {
    advance(time);
    thread_time_ += time;
  }
  void fail_random(int error) { random_error_ = error; }

 private:
  WallTime wall_time_{};
  SteadyTime steady_time_{};
  std::chrono::nanoseconds thread_time_{};
  std::uint8_t next_random_ = 0;
  std::optional<int> random_error_;
};

}  // namespace parley::testing
