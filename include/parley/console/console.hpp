// SPDX-License-Identifier: Apache-2.0
//
// The main thread's event loop: it carries bytes between the guest's Vty and a terminal, pipe, file or socket, and
// hears signals, while the guest runs on threads of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "parley/base/failure.hpp"
#include "parley/console/endpoint.hpp"
#include "parley/devices/vty.hpp"

namespace parley::console {

/// What the loop tells; all of it on the thread in run(), each of them may be empty.
struct Events {
  /// SIGINT, SIGTERM, and SIGHUP unless it was ignored before (nohup). Once per signal.
  std::function<void(int signal)> on_signal = {};
  /// The user typed Ctrl-a x.
  std::function<void()> on_quit = {};
  /// What the guest writes can reach nobody any more: the guest has to be ended. At most once; from then on output is
  /// taken and dropped, so that the guest does not wait for it.
  std::function<void(const Failure &)> on_lost = {};
  /// The guest may start: once, unless finish() or abandon() came before.
  std::function<void()> on_ready = {};
  /// Once a second.
  std::function<void()> on_tick = {};
  /// One line for the user: "the guest's console is /dev/pts/3".
  std::function<void(const std::string &)> on_news = {};
};

/// What Endpoint::Kind::kStdio means by standard input and output. They stay the caller's and keep their flags.
struct Standard {
  int in = 0;
  int out = 1;
};

class Console {
 public:
  /// How long somebody may be there and take no byte of what a pty or socket gives before he counts as nobody.
  static constexpr std::chrono::seconds kPatience{1};
  /// How much is kept for whoever comes next; the oldest bytes make room. Bytes.
  static constexpr std::size_t kHoldLimit = 64 * 1024;

  /// `vty` must outlive it, and the guest must not run any more when it is destroyed. From here on until then SIGPIPE
  /// is ignored and the signals of Events::on_signal wait for run().
  static std::expected<Console, Failure> open(const Endpoint &endpoint, devices::Vty &vty, Events events,
                                              Standard standard = {});
  ~Console();
  Console(Console &&) noexcept;
  Console &operator=(Console &&) noexcept;

  /// To be called once. It returns after finish(), once what the guest wrote is written out wherever somebody reads it;
  /// or after abandon(). A terminal is raw from here until the destructor.
  void run();
  /// The guest has ended. From any thread, also before run().
  void finish();
  /// Stop, and write only what is taken without waiting. From any thread, also before run().
  void abandon();

  /// Bytes of output that nobody read; complete when run() has returned. What kNull takes does not count.
  std::uint64_t dropped() const;
  /// Bytes typed at a terminal while the guest had no room for them.
  std::uint64_t dropped_input() const;

 private:
  class Core;  // keeps Boost.Asio out of this header
  explicit Console(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace parley::console
