// SPDX-License-Identifier: Apache-2.0
//
// The only way to standard error. The reader of standard error may be slow, or may have stopped reading; a write to it
// then blocks. Without an event loop that is right: signals have their default action and end the process. While a
// Console exists it is wrong: a blocked loop does not hear signals, and a blocked vCPU does not hear that the session
// ends. So there are two modes:
//
//   without a Console   each line is written at once, on the caller's thread;
//   with a Console      lines go into a bounded queue, which the event loop writes as the reader takes them.
//
// A guest's thread that finds the queue full waits for room, so that no line is lost while the reader reads. It stops
// waiting when the reader has taken nothing for kPatience, and at once when the session ends (stop_waiting()). The
// loop's thread never waits. Lines without room are dropped and counted.
//
// After a signal the process must end soon: hurry() limits the time that all later writes together may wait.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "parley/base/file_descriptor.hpp"

namespace parley::console {

class MessageWriter {
 public:
  static constexpr std::size_t kLimit = 64 * 1024;  ///< of the queue, in bytes
  /// If the reader takes nothing for so long, it counts as absent until it takes something.
  static constexpr std::chrono::seconds kPatience{5};
  static constexpr std::chrono::milliseconds kLastWait{100};  ///< for all writes after hurry()

  /// `fd` remains the caller's and keeps its flags.
  explicit MessageWriter(int fd = 2) : fd_(fd) {}
  MessageWriter(const MessageWriter &) = delete;
  MessageWriter &operator=(const MessageWriter &) = delete;

  /// Whole lines, each with its line feed. From any thread; they are written in the order of the calls.
  void write(std::string_view lines);
  /// The session ends: no thread waits for the reader any more. From any thread.
  void stop_waiting();
  /// Lines that the reader did not get. From any thread.
  std::uint64_t dropped() const;

  // The event loop's side
  /// From here on lines are queued.
  void attach();
  /// Writes all queued lines. From here on lines are written at once.
  void detach();
  /// The calling thread is about to take lines: other threads may wait for it. Called again with false when it stops.
  void set_taking(bool taking);
  /// Called on any thread whenever the empty queue has got a line.
  void on_lines(std::function<void()> notify);
  /// Takes lines away, up to `limit` bytes; a longer line is split.
  std::string take(std::size_t limit);
  /// Returns what was taken and could not be written yet.
  void give_back(std::string_view taken);
  /// Counts what was taken and cannot be written.
  void drop(std::string_view taken);
  void hurry();
  /// Where to write. With `own`, a write never blocks; otherwise it must be ready, and a write at most PIPE_BUF bytes.
  int descriptor() const { return own_ ? own_.get() : fd_; }

 private:
  bool has_room_for(std::string_view lines) const;
  bool may_wait() const;
  void wait_for_room(std::unique_lock<std::mutex> &lock, std::string_view lines);
  void write_directly(std::string_view lines);
  bool is_ready_in_time();

  const int fd_;
  FileDescriptor own_;  ///< the same file opened with O_NONBLOCK, if it is one that can block

  mutable std::mutex mutex_;  // of everything below
  std::condition_variable room_;
  std::string queue_;
  std::function<void()> notify_;
  bool attached_ = false;
  bool taking_ = false;
  std::thread::id taker_;
  std::uint64_t taken_ = 0;  ///< how often, so that a waiting thread sees progress
  bool reader_is_absent_ = false;
  bool stopping_ = false;
  bool hurried_ = false;
  std::chrono::nanoseconds wait_left_ = kLastWait;
  std::uint64_t dropped_ = 0;
};

}  // namespace parley::console
