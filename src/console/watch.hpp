// SPDX-License-Identifier: Apache-2.0
//
// Waits until a descriptor is ready, and touches it in no other way. Asio alone can't: its async_wait sets O_NONBLOCK,
// which belongs to the open file and so would reach everybody who shares it, the user's shell first. So each Watch puts
// the descriptor into an epoll of its own, and Asio waits for that one.
//
// It also says "ready" at once where epoll refuses (EPERM: regular files, /dev/null), as poll does; and it asks again
// each time (level-triggered), so that nobody has to read or write until EAGAIN.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "asio.hpp"

namespace parley::console {

class Watch {
 public:
  explicit Watch(asio::io_context &context) : context_(context), epoll_(context), timer_(context) {}

  /// Watches for `events` (EPOLLIN, EPOLLOUT; 0 is for a hangup or error only). Returns an errno, or 0.
  [[nodiscard]] int open(int fd, std::uint32_t events);
  /// Instead of open(): it is always ready.
  void assume_ready();
  /// To be called before the descriptor is closed. Nothing that was waited for will be told after it.
  void close();

  /// Calls `ready` once, from the loop; only one at a time.
  void wait(std::function<void()> ready);
  /// Calls `ready` once after `delay`, ready or not: for what is ready and fails all the same.
  void pause(std::chrono::milliseconds delay, std::function<void()> ready);

 private:
  auto once(std::function<void()> ready);

  asio::io_context &context_;
  asio::posix::stream_descriptor epoll_;
  asio::steady_timer timer_;
  bool always_ready_ = false;
  std::uint64_t generation_ = 0;  ///< what was queued before close() is of an older one
};

}  // namespace parley::console
