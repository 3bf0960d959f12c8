// SPDX-License-Identifier: Apache-2.0
//
// Waits until a descriptor is ready, without changing it. Asio alone cannot do that: its async_wait sets O_NONBLOCK,
// a flag of the open file description, which other processes share (first of all the user's shell). So each Watch
// registers the descriptor in an epoll instance of its own, and Asio waits for that instance.
//
// Where epoll refuses a descriptor (EPERM: regular files, /dev/null), it counts as always ready, as with poll(). The
// epoll instance is level-triggered, so callers need not read or write until EAGAIN.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "asio.hpp"

namespace parley::console {

class Watch {
 public:
  explicit Watch(asio::io_context &context) : context_(context), epoll_(context), timer_(context) {}

  /// Watches for `events`: EPOLLIN, EPOLLOUT, or 0 for a hangup or an error only. Returns an errno, or 0.
  [[nodiscard]] int open(int fd, std::uint32_t events);
  /// Instead of open(): the descriptor counts as always ready.
  void assume_ready();
  /// To be called before the descriptor is closed. Cancels all waits; their functions will not be called.
  void close();

  /// Calls `ready` once, from the loop. One wait at a time.
  void wait(std::function<void()> ready);
  /// Calls `ready` once after `delay`. For a descriptor that is ready and fails nevertheless.
  void pause(std::chrono::milliseconds delay, std::function<void()> ready);

 private:
  auto once(std::function<void()> ready);

  asio::io_context &context_;
  asio::posix::stream_descriptor epoll_;
  asio::steady_timer timer_;
  bool always_ready_ = false;
  std::uint64_t generation_ = 0;  ///< close() starts a new one; handlers of an older one do nothing
};

}  // namespace parley::console
