// SPDX-License-Identifier: Apache-2.0
#include "message_output.hpp"

#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace parley::console {
namespace {

constexpr std::size_t kChunk = PIPE_BUF;  // a pipe that is ready takes so many bytes in one write
constexpr std::chrono::milliseconds kShortPause{10};
// Traces come in quick succession, and waking the loop takes longer than the next line. So the first line is written at
// once, and the lines of this time after it together.
constexpr std::chrono::milliseconds kGather{2};

bool is_regular(int fd) {
  struct stat file {};
  return ::fstat(fd, &file) == 0 && S_ISREG(file.st_mode);
}

}  // namespace

MessageOutput::MessageOutput(asio::io_context &context, MessageWriter &writer, std::function<void()> finished)
    : writer_(writer), finished_(std::move(finished)), writable_(context), patience_(context) {
  // write_some() asks once more whether the descriptor is ready, so it works without a watch, only less promptly.
  if (is_regular(writer_.descriptor()) || writable_.open(writer_.descriptor(), EPOLLOUT) != 0) writable_.assume_ready();
  writer_.on_lines([this, &context] { asio::post(context, [this] { pump(); }); });
  asio::post(context, [this] { pump(); });  // lines may be queued already
}

MessageOutput::~MessageOutput() {
  writer_.on_lines({});
  writer_.give_back(pending_);
}

void MessageOutput::finish() {
  finishing_ = true;
  expect_progress();
  pump();
}

void MessageOutput::pump() {
  if (waiting_ || (gathering_ && !finishing_)) return;
  if (pending_.empty()) pending_ = writer_.take(kChunk);
  if (!pending_.empty()) return wait();
  if (finishing_) tell_finished();
}

void MessageOutput::wait() {
  waiting_ = true;
  writable_.wait([this] { write_some(); });
}

void MessageOutput::write_some() {
  pollfd ready{writer_.descriptor(), POLLOUT, 0};
  const bool is_ready = ::poll(&ready, 1, 0) > 0;
  const ssize_t count = is_ready ? ::write(ready.fd, pending_.data(), std::min(pending_.size(), kChunk)) : 0;
  if (!is_ready || (count < 0 && errno == EAGAIN)) return writable_.pause(kShortPause, [this] { write_some(); });
  waiting_ = false;
  if (count > 0) {
    pending_.erase(0, static_cast<std::size_t>(count));
    if (finishing_) expect_progress();
  } else if (errno != EINTR) {
    writer_.drop(std::exchange(pending_, {}));
  }
  if (pending_.empty() && static_cast<std::size_t>(std::max<ssize_t>(count, 0)) < kChunk / 2) gather();
  pump();
}

void MessageOutput::gather() {
  gathering_ = true;
  writable_.pause(kGather, [this] {
    gathering_ = false;
    pump();
  });
}

void MessageOutput::expect_progress() {
  patience_.expires_after(MessageWriter::kPatience);
  patience_.async_wait([this](const error_code &error) {
    if (error || patience_.expiry() > std::chrono::steady_clock::now()) return;
    writer_.hurry();
    tell_finished();
  });
}

void MessageOutput::tell_finished() {
  patience_.cancel();
  if (const auto finished = std::exchange(finished_, {})) finished();
}

}  // namespace parley::console
