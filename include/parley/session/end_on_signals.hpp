// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

#include <expected>
#include <thread>

#include "parley/base/failure.hpp"
#include "parley/session/session.hpp"

namespace parley::session {

/// Stops a session at SIGINT, SIGTERM and SIGHUP (unless SIGHUP is ignored, as under nohup), for a program without an
/// event loop. The signals are blocked in the calling thread and in the threads that it starts from then on, and a
/// thread of this object waits for them. The destructor restores the calling thread's mask: it must run on the same
/// thread, and before the session is destroyed.
class EndOnSignals {
 public:
  static std::expected<EndOnSignals, Failure> start(Session &session);
  ~EndOnSignals();
  EndOnSignals(EndOnSignals &&) noexcept = default;
  EndOnSignals &operator=(EndOnSignals &&) = delete;

 private:
  EndOnSignals(std::jthread thread, const sigset_t &before) : thread_(std::move(thread)), before_(before) {}

  std::jthread thread_;
  sigset_t before_;
};

}  // namespace parley::session
