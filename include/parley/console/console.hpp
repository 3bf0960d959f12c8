// SPDX-License-Identifier: Apache-2.0
//
// The main thread's event loop. It carries bytes between the guest's terminals and their endpoints (a terminal, pipe,
// file or socket each) and receives signals, while the guest runs on threads of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "parley/base/failure.hpp"
#include "parley/console/endpoint.hpp"
#include "parley/console/message_writer.hpp"
#include "parley/devices/vty.hpp"

namespace parley::console {

/// The loop's callbacks. All of them run on the thread in run(); each may be empty.
struct Events {
  /// SIGINT, SIGTERM, and SIGHUP unless it was ignored before (nohup). Once per signal.
  std::function<void(int signal)> on_signal = {};
  /// The user typed Ctrl-a x.
  std::function<void()> on_quit = {};
  /// The output of a terminal has lost its only reader: the guest must be ended. At most once per line; from then on
  /// the line's output is dropped, so that the guest does not wait for it.
  std::function<void(const Failure &)> on_lost = {};
  /// The guest may start: every endpoint that waits has had a peer. Once, unless finish() or abandon() came before.
  std::function<void()> on_ready = {};
  /// Once a second.
  std::function<void()> on_tick = {};
  /// One line for the user: "the guest's console is /dev/pts/3"; "the guest's console 2 is …" if there are several.
  std::function<void(const std::string &)> on_news = {};
};

/// The descriptors that Endpoint::Kind::kStdio uses. They remain the caller's and keep their flags.
struct Standard {
  int in = 0;
  int out = 1;
};

/// A guest terminal and where it goes.
struct Line {
  Endpoint endpoint;
  devices::Vty &vty;
};

class Console {
 public:
  /// If the reader of a pty or socket takes no byte for so long, it counts as absent.
  static constexpr std::chrono::seconds kPatience{1};
  /// Output kept per line for the next reader, in bytes; the oldest bytes make room.
  static constexpr std::size_t kHoldLimit = 64 * 1024;

  /// Each Vty must outlive the console, and the guest must have ended before the console is destroyed. Between the two,
  /// SIGPIPE is ignored and the signals of Events::on_signal wait for run(). Standard input and output, a file and a
  /// socket's path can serve one line each. `messages` must outlive the console; as long as the console exists, its
  /// lines are queued and written by run().
  static std::expected<Console, Failure> open(std::vector<Line> lines, Events events, Standard standard = {},
                                              MessageWriter *messages = nullptr);
  ~Console();
  Console(Console &&) noexcept;
  Console &operator=(Console &&) noexcept;

  /// To be called once. It returns after finish(), when the output of every line and the messages are written, as far
  /// as they have a reader; or after abandon(). A terminal is raw from here until the destructor.
  void run();
  /// The guest has ended. From any thread, also before run().
  void finish();
  /// Stop, and write only as much as is taken without waiting. From any thread, also before run().
  void abandon();

  /// Bytes of output that were dropped for want of a reader, of all lines; complete when run() has returned. The output
  /// of kNull does not count.
  std::uint64_t dropped() const;
  /// Bytes typed at a terminal while the guest had no room for them.
  std::uint64_t dropped_input() const;

 private:
  class Loop;  // keeps Boost.Asio out of this header
  explicit Console(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace parley::console
