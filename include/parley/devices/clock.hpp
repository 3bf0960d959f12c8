// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace parley::devices {

/// The guest's time of day: the host's, moved by what the guest last set it to. UTC.
class Clock {
 public:
  using Time = std::chrono::sys_time<std::chrono::nanoseconds>;

  Time now() const { return std::chrono::system_clock::now() + offset_; }
  void set(Time time) { offset_ = time - std::chrono::system_clock::now(); }

 private:
  std::chrono::nanoseconds offset_{};
};

}  // namespace parley::devices
