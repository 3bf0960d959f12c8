// SPDX-License-Identifier: Apache-2.0
//
// The guest's virtual terminal (LoPAR 16.6): two bounded queues between the threads of the vCPUs and the other end,
// which is a console of the host.
//
//                 write() ──► output, 64 KiB ──► take_output()
//     guest                                                      other end
//                  read() ◄── input,   4 KiB ◄── feed()
//
// The calls never block, except wait_for_room(). If a queue is full, the caller learns it from the result: write()
// takes all of a text or nothing, feed() takes a part. A notification tells it when to try again:
//
//   output_ready  the output queue was empty and no longer is
//   input_room    the input queue was full and no longer is
//   on_input      input arrived for the guest; the machine raises the terminal's interrupt
//
// A vCPU waits for room with wait_for_room(), which returns once half of the output queue is free. So a guest that
// prints faster than its console reads is woken for a batch of text, not for each character.
//
// One mutex protects both queues. output_ready and input_room are called without it, so they may call the terminal. The
// function of on_input() is called under the mutex; on_input(nullptr) therefore returns only when no call is in
// progress, and its owner may then be destroyed.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

namespace parley::devices {

class Vty {
 public:
  static constexpr std::size_t kOutputLimit = 64 * 1024;  ///< bytes
  static constexpr std::size_t kInputLimit = 4 * 1024;    ///< bytes

  /// Notifications for the other end. The vCPU threads call them without the mutex, possibly several at the same time.
  /// Set them before the guest runs.
  struct Outside {
    std::function<void()> output_ready;
    std::function<void()> input_room;
  };
  void connect(Outside outside) { outside_ = std::move(outside); }
  /// Notification for the guest's side, or nullptr. The thread in feed() calls it under the mutex, so it must not call
  /// the terminal.
  void on_input(std::function<void()> input_ready);

  // The guest's side
  /// Takes all of `text`. Takes nothing and returns false if there is not enough room. `text` has at most half of
  /// kOutputLimit bytes.
  [[nodiscard]] bool write(std::string_view text);
  /// Returns the number of bytes read. Drops a NUL directly after a carriage return (LoPAR 16.6.3.1).
  std::size_t read(std::span<char> into);
  /// Returns once half of the output queue is free, or after `limit`.
  void wait_for_room(std::chrono::milliseconds limit);

  // The other end
  /// Removes and returns up to `limit` bytes of output.
  std::string take_output(std::size_t limit);
  /// Takes as much of `text` as fits, and returns the number of bytes taken.
  std::size_t feed(std::string_view text);
  std::size_t input_room() const;

 private:
  mutable std::mutex mutex_;  // protects all members but outside_
  std::condition_variable room_;
  std::string output_;
  std::string input_;
  bool after_carriage_return_ = false;
  Outside outside_;
  std::function<void()> input_ready_;
};

}  // namespace parley::devices
