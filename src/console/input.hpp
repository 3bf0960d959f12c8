// SPDX-License-Identifier: Apache-2.0
//
// What the guest is to read, on its way in. Nothing is read that the guest has no room for, so that whoever writes it
// waits; only a terminal is read all the same, for the sake of Ctrl-a x, and what is typed beyond the room is dropped.
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

  /// Reads from `fd`; it is `terminal`'s unless that is nullptr.
  void attach(int fd, Terminal *terminal);
  /// To be called before the descriptor is closed.
  void detach();
  /// The guest has room again, or the terminal may be ours again.
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
