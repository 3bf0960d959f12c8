// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <expected>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

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

}  // namespace parley
