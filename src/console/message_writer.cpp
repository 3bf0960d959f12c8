// SPDX-License-Identifier: Apache-2.0
//
// The queue of messages, between any number of writing threads and the event loop.
//
// All state is under one lock, which is never held during a wait: room_ releases it, and in the queued mode no write is
// made here. So a thread that waits for room does not block the others. (In the direct mode the lock is held during the
// write. There is one thread then, and the lock keeps the lines of any further thread whole.)
//
// A waiting thread watches taken_: as long as the loop takes lines, the reader reads, and the wait continues. If
// nothing is taken for kPatience, the reader counts as absent, and all threads drop their lines without waiting. The
// next take() ends that state.
//
// Order: lines are appended under the lock and taken from the front. The lines that the loop has taken and not written
// return to the front (give_back()) before detach() writes the rest.
#include "parley/console/message_writer.hpp"

#include <limits.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "reopen.hpp"

namespace parley::console {
namespace {

std::uint64_t count_lines(std::string_view text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

void MessageWriter::write(std::string_view lines) {
  std::unique_lock lock(mutex_);
  if (attached_ && !has_room_for(lines)) wait_for_room(lock, lines);
  if (!attached_) return write_directly(lines);
  if (!has_room_for(lines)) {
    dropped_ += count_lines(lines);
    return;
  }
  const bool was_empty = queue_.empty();
  queue_ += lines;
  if (was_empty && notify_) notify_();  // under the lock, as the loop may detach; it only posts
}

// A message that is longer than the limit is accepted when the queue is empty.
bool MessageWriter::has_room_for(std::string_view lines) const {
  return queue_.empty() || queue_.size() + lines.size() <= kLimit;
}

bool MessageWriter::may_wait() const {
  return taking_ && !stopping_ && !reader_is_absent_ && std::this_thread::get_id() != taker_;
}

void MessageWriter::wait_for_room(std::unique_lock<std::mutex> &lock, std::string_view lines) {
  while (may_wait() && !has_room_for(lines)) {
    const auto seen = taken_;
    if (!room_.wait_for(lock, kPatience, [&] { return taken_ != seen || !may_wait(); })) reader_is_absent_ = true;
  }
}

void MessageWriter::stop_waiting() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  room_.notify_all();
}

std::uint64_t MessageWriter::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void MessageWriter::attach() {
  const std::lock_guard lock(mutex_);
  own_ = reopen_nonblocking(fd_, O_WRONLY);
  attached_ = true;
}

void MessageWriter::detach() {
  const std::lock_guard lock(mutex_);
  attached_ = false;
  write_directly(queue_);
  queue_.clear();
  if (!hurried_) own_.reset();
}

void MessageWriter::set_taking(bool taking) {
  const std::lock_guard lock(mutex_);
  taking_ = taking;
  taker_ = std::this_thread::get_id();
  room_.notify_all();
}

void MessageWriter::on_lines(std::function<void()> notify) {
  const std::lock_guard lock(mutex_);
  notify_ = std::move(notify);
}

std::string MessageWriter::take(std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::size_t size = std::min(limit, queue_.size());
  if (const auto end = queue_.rfind('\n', size - 1); size != 0 && end != std::string::npos) size = end + 1;
  std::string taken = queue_.substr(0, size);
  queue_.erase(0, size);
  if (taken.empty()) return taken;
  ++taken_;
  reader_is_absent_ = false;
  room_.notify_all();
  return taken;
}

void MessageWriter::give_back(std::string_view taken) {
  const std::lock_guard lock(mutex_);
  queue_.insert(0, taken);
}

void MessageWriter::drop(std::string_view taken) {
  const std::lock_guard lock(mutex_);
  dropped_ += count_lines(taken);
}

void MessageWriter::hurry() {
  const std::lock_guard lock(mutex_);
  hurried_ = true;
  stopping_ = true;
  room_.notify_all();
}

void MessageWriter::write_directly(std::string_view lines) {
  while (!lines.empty()) {
    if (hurried_ && !is_ready_in_time()) break;
    const ssize_t count = ::write(hurried_ ? descriptor() : fd_, lines.data(),
                                  hurried_ ? std::min<std::size_t>(lines.size(), PIPE_BUF) : lines.size());
    if (count > 0) {
      lines.remove_prefix(static_cast<std::size_t>(count));
    } else if (count < 0 && errno == EAGAIN && !hurried_) {  // the caller's flags
      pollfd ready{fd_, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (count == 0 || errno != EINTR) {
      break;
    }
  }
  dropped_ += count_lines(lines);
}

bool MessageWriter::is_ready_in_time() {
  using std::chrono::steady_clock;
  const auto begin = steady_clock::now();
  pollfd ready{descriptor(), POLLOUT, 0};
  const auto limit = std::chrono::ceil<std::chrono::milliseconds>(wait_left_);
  const bool is_ready = ::poll(&ready, 1, static_cast<int>(limit.count())) > 0;
  wait_left_ = std::max<std::chrono::nanoseconds>(wait_left_ - (steady_clock::now() - begin), {});
  return is_ready;
}

}  // namespace parley::console
