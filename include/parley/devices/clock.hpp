// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "parley/base/environment.hpp"

namespace parley::devices {

/// The guest's time of day: the host's wall clock plus the offset that results from the guest's last setting. UTC.
class Clock {
 public:
  using Time = WallTime;

  explicit Clock(Environment &environment = real_environment()) : environment_(&environment) {}

  Time now() const { return environment_->wall_time() + offset_; }
  void set(Time time) { offset_ = time - environment_->wall_time(); }

 private:
  Environment *environment_;
  std::chrono::nanoseconds offset_{};
};

}  // namespace parley::devices
