// SPDX-License-Identifier: Apache-2.0
#include "parley/console/output.hpp"

#include <unistd.h>

#include <cerrno>

namespace parley::console {

std::expected<void, int> write_all(int fd, std::string_view text, const std::atomic<bool> *give_up) {
  while (!text.empty()) {
    if (give_up != nullptr && *give_up) return std::unexpected(EINTR);
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(errno);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace parley::console
