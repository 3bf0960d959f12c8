// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <expected>
#include <new>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "parley/base/failure.hpp"

namespace parley {

/// Starts a thread; std::jthread joins it in its destructor. An errno of pthread_create(3) where that fails.
template <typename Function>
std::expected<std::jthread, int> start_thread(Function &&function) {
  try {
    return std::jthread(std::forward<Function>(function));
  } catch (const std::system_error &error) {
    return std::unexpected(error.code().value());
  } catch (const std::bad_alloc &) {
    return std::unexpected(ENOMEM);
  }
}

/// The message for such an error; `instead` is what can be done besides raising the limits.
inline Failure cannot_start(const std::string &what, int error, const std::string &instead = "end other programs") {
  return {"cannot start " + what, "pthread_create: " + errno_text(error),
          "raise the limits (ulimit -u, pids.max), or " + instead};
}

}  // namespace parley
