// SPDX-License-Identifier: Apache-2.0
//
// Carries input to the guest. A pipe, file or socket is read only while the guest has room, so that its writer waits
// for a slow guest. A terminal is always read, because Ctrl-a x must work; bytes beyond the guest's room are dropped.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "escape.hpp"
#include "parley/devices/vty.hpp"
#include "terminal.hpp"
#include "watch.hpp"

namespace parley::console {

class Input {
 public:
  struct Hooks {
    std::function<void()> ended;
    std::function<void()> quit;
  };
  Input(asio::io_context &context, devices::Vty &vty, Hooks hooks);

  /// Reads from `fd`. If it is a terminal, `terminal` is that terminal, otherwise nullptr.
  void attach(int fd, Terminal *terminal);
  /// To be called before the descriptor is closed.
  void detach();
  /// The guest has room again, or this process may be in the terminal's foreground again.
  void resume();
  /// From any thread.
  std::uint64_t dropped() const { return dropped_; }

 private:
  void wait();
  void read_some();
  void feed(std::string_view text);

  devices::Vty &vty_;
  Hooks hooks_;
  Watch readable_;
  Escape escape_;
  Terminal *terminal_ = nullptr;
  int fd_ = -1;
  bool waiting_ = false;
  std::atomic<std::uint64_t> dropped_ = 0;
};

}  // namespace parley::console
