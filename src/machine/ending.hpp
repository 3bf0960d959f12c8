// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>

#include "parley/machine/machine.hpp"
#include "processors.hpp"

namespace parley::machine {

/// The end of a machine. Any thread may cause it; the first cause counts.
class Ending {
 public:
  explicit Ending(Processors &processors) : processors_(processors) {}

  /// Records the cause, if it is the first one, and makes all vCPUs leave the guest for good. It waits for no other
  /// thread, so it may be called under any lock.
  void finish(End end) {
    {
      const std::lock_guard lock(mutex_);
      if (!end_) end_ = std::move(end);
    }
    processors_.end();
  }
  bool has_cause() const {
    const std::lock_guard lock(mutex_);
    return end_.has_value();
  }
  /// Returns the cause, or Stopped if the vCPUs were ended without one. Call it once, after all vCPUs have stopped.
  End take() {
    const std::lock_guard lock(mutex_);
    return end_ ? std::move(*end_) : Stopped{};
  }

 private:
  Processors &processors_;
  mutable std::mutex mutex_;  // protects end_
  std::optional<End> end_;
};

}  // namespace parley::machine
