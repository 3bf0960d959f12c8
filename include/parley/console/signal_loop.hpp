// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

namespace parley::console {

/// The event loop of the main thread: it waits for the signals that end a program (SIGINT, SIGTERM, SIGHUP), from its
/// construction on, while the guest runs on threads of its own.
class SignalLoop {
 public:
  /// `on_signal` runs on the thread in run(), once per signal.
  explicit SignalLoop(std::function<void(int signal)> on_signal);
  ~SignalLoop();

  /// Returns after finish().
  void run();
  /// From any thread, also before run().
  void finish();

 private:
  class Loop;  // keeps Boost.Asio out of this header
  std::unique_ptr<Loop> loop_;
};

}  // namespace parley::console
