// SPDX-License-Identifier: Apache-2.0
//
// Writing to a descriptor that other processes share, without blocking and without O_NONBLOCK.
//
// The flags of an open file description belong to all its users, so standard output cannot be made non-blocking (where
// possible, Channel has a description of its own, with the flag). A write must therefore fit whenever the descriptor is
// ready. POSIX promises that for pipes: a pipe that is ready takes PIPE_BUF bytes in one write. So the loop waits for
// readiness, writes one chunk of that size, and waits again.
//
// A terminal promises less. It is ready as soon as it has room for one byte, and a line feed needs two. Its write fails
// with EAGAIN although it is ready, and a new wait would return at once; a short pause is used instead.
//
// The queue of the Vty provides the back pressure. In kWrite, the next chunk is taken only when the previous one is
// written. Behind a slow reader the Vty's queue fills, and a vCPU with more output waits for room.
#include "output.hpp"

#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "parley/console/console.hpp"

namespace parley::console {
namespace {

// A pipe that is ready takes at least PIPE_BUF bytes in one write.
constexpr std::size_t kChunk = PIPE_BUF;
// A terminal may be ready for one byte and refuse a line feed, which it turns into two.
constexpr std::chrono::milliseconds kShortPause{10};
// Guests print sixteen bytes at a time, and waking the loop takes longer than the next sixteen bytes. The first bytes
// are written at once. The bytes of the next 2 ms are written together.
constexpr std::chrono::milliseconds kGather{2};

}  // namespace

Output::Output(asio::io_context &context, devices::Vty &vty, Hooks hooks)
    : vty_(vty), hooks_(std::move(hooks)), writable_(context), patience_(context) {}

void Output::attach(int fd, bool patient) {
  fd_ = fd;
  patient_ = patient;
  mode_ = Mode::kWrite;
  if (const int error = writable_.open(fd, EPOLLOUT); error != 0) return hooks_.broken("epoll", error);
  pump();
}

void Output::detach() {
  writable_.close();
  patience_.cancel();
  waiting_ = false;
  gathering_ = false;
  fd_ = -1;
  mode_ = Mode::kHold;
  pump();
}

void Output::discard(bool counted) {
  detach();
  mode_ = Mode::kDiscard;
  counted_ = counted;
  pump();
}

void Output::finish() {
  finishing_ = true;
  pump();
}

void Output::give_up() {
  // A guest that still runs could write without end.
  for (std::size_t chunks = 0; mode_ == Mode::kWrite && chunks <= devices::Vty::kOutputLimit / kChunk; ++chunks) {
    take();
    pollfd ready{fd_, POLLOUT, 0};
    if (pending_.empty() || ::poll(&ready, 1, 0) <= 0 || write_chunk() <= 0) break;
  }
  discard(counted_);
}

void Output::pump() {
  if (!gathering_ || finishing_) take();
  if (fd_ >= 0 && !pending_.empty() && !waiting_) wait();
  if (finishing_ && (pending_.empty() || mode_ != Mode::kWrite)) hooks_.finished();
}

void Output::take() {
  if (mode_ == Mode::kWrite) {
    if (pending_.empty()) pending_ = vty_.take_output(kChunk);
    return;
  }
  // One call empties the queue, and the Vty reports the next byte.
  pending_ += vty_.take_output(devices::Vty::kOutputLimit);
  if (mode_ == Mode::kDiscard) drop(pending_.size());
  if (pending_.size() > Console::kHoldLimit) drop(pending_.size() - Console::kHoldLimit);
}

void Output::drop(std::size_t count) {
  pending_.erase(0, count);
  if (counted_) dropped_ += count;
}

void Output::gather() {
  gathering_ = true;
  writable_.pause(kGather, [this] {
    gathering_ = false;
    pump();
  });
}

void Output::wait() {
  waiting_ = true;
  writable_.wait([this] { write_some(); });
  if (patient_ || mode_ == Mode::kHold) return;
  patience_.expires_after(Console::kPatience);
  patience_.async_wait([this](const error_code &error) {
    // This handler may have been queued already when the descriptor became ready.
    if (error || !waiting_ || patience_.expiry() > std::chrono::steady_clock::now()) return;
    mode_ = Mode::kHold;
    pump();
  });
}

void Output::write_some() {
  waiting_ = false;
  const ssize_t count = write_chunk();
  if (count < 0 && errno == EAGAIN) {
    waiting_ = true;
    writable_.pause(kShortPause, [this] { write_some(); });
    return;
  }
  patience_.cancel();
  if (count < 0 && errno != EINTR) return hooks_.broken("write", errno);
  if (count > 0) mode_ = Mode::kWrite;
  if (count > 0 && static_cast<std::size_t>(count) < kChunk && pending_.empty()) gather();
  pump();
}

ssize_t Output::write_chunk() {
  const ssize_t count = ::write(fd_, pending_.data(), std::min(pending_.size(), kChunk));
  if (count > 0) pending_.erase(0, static_cast<std::size_t>(count));
  return count;
}

}  // namespace parley::console
