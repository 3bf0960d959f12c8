// SPDX-License-Identifier: Apache-2.0
//
// What the guest writes, on its way out. While somebody reads, only a chunk leaves the Vty at a time: its queue fills
// behind a slow reader, and the guest waits; nothing is lost. While nobody does, everything leaves the Vty at once, so
// that the guest never waits for nobody; the last kHoldLimit bytes are kept for whoever comes.
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
    /// That call failed with that errno; to be answered with detach() or discard().
    std::function<void(const char *call, int error)> broken;
    std::function<void()> finished;  ///< after finish(), there is nothing left to write, or nobody to read
  };
  Output(asio::io_context &context, devices::Vty &vty, Hooks hooks);

  /// Somebody may read at `fd`. A patient one waits for him for ever, others for Console::kPatience.
  void attach(int fd, bool patient);
  /// Nobody is there. To be called before the descriptor is closed.
  void detach();
  /// Nobody will ever be there. What is discarded counts as dropped, or not.
  void discard(bool counted);

  /// The guest has written something.
  void pump();
  void finish();
  /// Writes what is taken without waiting, and discards the rest. Nothing is told.
  void give_up();
  bool somebody_reads() const { return mode_ == Mode::kWrite; }
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
  bool waiting_ = false;    ///< until it can be written
  bool gathering_ = false;  ///< until there is more to write together; nothing is pending then
  bool finishing_ = false;
  std::string pending_;  ///< taken from the Vty and not yet written
  std::atomic<std::uint64_t> dropped_ = 0;
};

}  // namespace parley::console
