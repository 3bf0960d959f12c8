// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <expected>
#include <string_view>

namespace parley::console {

/// Writes all of `text` to a descriptor, or says with which errno that failed. A reader that does not read makes it
/// wait; once `*give_up` is set (it may be nullptr) it returns EINTR within a tenth of a second. With `give_up`, texts
/// must be no longer than PIPE_BUF, so that a pipe that is writable takes them whole.
std::expected<void, int> write_all(int fd, std::string_view text, const std::atomic<bool> *give_up = nullptr);

}  // namespace parley::console
