// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <expected>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

#include "parley/base/thread.hpp"

namespace parley::session {

/// Calls a function on a thread of its own once a time has passed, unless it is destroyed before.
class TimeLimit {
 public:
  /// An errno of pthread_create.
  std::expected<void, int> start(std::chrono::seconds limit, std::function<void()> on_passed) {
    auto thread = start_thread([this, limit, on_passed = std::move(on_passed)](const std::stop_token &stop) {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, stop, limit, [] { return false; });
      if (!stop.stop_requested()) on_passed();
    });
    if (!thread) return std::unexpected(thread.error());
    thread_ = std::move(*thread);
    return {};
  }

 private:
  std::mutex mutex_;  // protects nothing: a condition variable needs a lock to wait
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace parley::session
