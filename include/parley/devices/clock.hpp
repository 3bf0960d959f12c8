// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "parley/base/environment.hpp"

namespace parley::devices {

/// The guest's time of day in UTC: the host's wall clock plus an offset. The guest changes the offset by setting its
/// clock.
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
