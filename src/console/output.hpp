// SPDX-License-Identifier: Apache-2.0
//
// Carries the guest's output to a reader. There are three modes:
//
//   kWrite    A reader is present. One chunk at a time leaves the Vty. Behind a slow reader the Vty's queue fills, and
//             the guest waits; nothing is lost.
//   kHold     No reader is present, or it takes nothing. All output leaves the Vty at once, so that the guest does not
//             wait. The last kHoldLimit bytes are kept for the next reader.
//   kDiscard  No reader can ever come. All output is dropped.
//
// A patient Output stays in kWrite behind a reader that takes nothing; any other one goes to kHold after kPatience,
// and back as soon as the reader takes a byte.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "parley/devices/vty.hpp"
#include "watch.hpp"

namespace parley::console {

class Output {
 public:
  struct Hooks {
    /// That call failed with that errno. The callee must call detach() or discard().
    std::function<void(const char *call, int error)> broken;
    std::function<void()> finished;  ///< after finish(): all is written, or no reader is present; may be called again
  };
  Output(asio::io_context &context, devices::Vty &vty, Hooks hooks);

  /// A reader is present at `fd`. A patient Output waits for it without limit, any other one for Console::kPatience.
  void attach(int fd, bool patient);
  /// The reader has left. To be called before the descriptor is closed.
  void detach();
  /// No reader can come any more. `counted`: the discarded bytes count as dropped.
  void discard(bool counted);

  /// The guest has written something.
  void pump();
  void finish();
  /// Writes as much as the reader takes without waiting, and discards the rest. Calls no hook.
  void give_up();
  bool has_reader() const { return mode_ == Mode::kWrite; }
  /// From any thread.
  std::uint64_t dropped() const { return dropped_; }

 private:
  enum class Mode { kWrite, kHold, kDiscard };

  void take();
  void drop(std::size_t count);
  void gather();
  void wait();
  void write_some();
  ssize_t write_chunk();

  devices::Vty &vty_;
  Hooks hooks_;
  Watch writable_;
  asio::steady_timer patience_;
  Mode mode_ = Mode::kHold;
  int fd_ = -1;
  bool patient_ = false;
  bool counted_ = true;
  bool waiting_ = false;    ///< for the descriptor to become ready
  bool gathering_ = false;  ///< more output to write in one call; nothing is pending then
  bool finishing_ = false;
  std::string pending_;  ///< taken from the Vty and not yet written
  std::atomic<std::uint64_t> dropped_ = 0;
};

}  // namespace parley::console
