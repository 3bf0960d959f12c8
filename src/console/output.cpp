// SPDX-License-Identifier: Apache-2.0
#include "parley/console/output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace parley::console {
namespace {

// How often a writer that waits looks whether it is to give up; a signal to it could come just before it waits.
constexpr int kLookMilliseconds = 100;

bool wait_until_writable(int fd) {
  pollfd waiting{fd, POLLOUT, 0};
  const int ready = ::poll(&waiting, 1, kLookMilliseconds);
  // A signal may be the one that says to give up: not writable, so that the caller looks.
  return ready > 0 || (ready < 0 && errno != EINTR);
}

}  // namespace

std::expected<void, int> write_all(int fd, std::string_view text, const std::atomic<bool> *give_up) {
  while (!text.empty()) {
    if (give_up != nullptr && *give_up) return std::unexpected(EINTR);
    if (give_up != nullptr && !wait_until_writable(fd)) continue;
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EAGAIN) wait_until_writable(fd);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) return std::unexpected(errno);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace parley::console
