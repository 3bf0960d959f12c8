// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <expected>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

namespace parley {

/// Starts a thread, which is joined where its owner ends; an errno of pthread_create where there can be none.
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
