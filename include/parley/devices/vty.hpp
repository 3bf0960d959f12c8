// SPDX-License-Identifier: Apache-2.0
//
// The guest's virtual terminal (LoPAR 16.6): two bounded queues between the vCPUs' threads and whoever holds the other
// end. Neither side ever waits inside, but for wait_for_room(); each is told when it is worth coming back.
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

  /// For the one who holds the other end. Both are called outside of the lock, on the guest's threads, of
  /// which several may call at a time: there is output where there was none; there is room for input where there was
  /// none. To be set before the guest runs.
  struct Outside {
    std::function<void()> output_ready;
    std::function<void()> input_room;
  };
  void connect(Outside outside) { outside_ = std::move(outside); }
  /// There is input for the guest; called on the thread that fed it, and under the lock: it must not come back here.
  /// nullptr for none.
  void on_input(std::function<void()> input_ready);

  // The guest's side
  /// Takes all of `text`, or nothing where there is no room for all of it now. At most half of kOutputLimit at a time.
  [[nodiscard]] bool write(std::string_view text);
  /// Returns how many bytes it read. A NUL right behind a carriage return is left out (LoPAR 16.6.3.1).
  std::size_t read(std::span<char> into);
  /// Returns when there is room for output, or after `limit`.
  void wait_for_room(std::chrono::milliseconds limit);

  // The other end's
  /// Takes up to `limit` bytes of output away.
  std::string take_output(std::size_t limit);
  /// Takes as much of `text` as there is room for, and returns how much that was.
  std::size_t feed(std::string_view text);
  std::size_t input_room() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::string output_;
  std::string input_;
  bool after_carriage_return_ = false;
  Outside outside_;
  std::function<void()> input_ready_;
};

}  // namespace parley::devices
