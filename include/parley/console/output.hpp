// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <expected>
#include <string_view>

namespace parley::console {

/// Writes all of `text` to a descriptor, or says with which errno that failed. A reader that does not read blocks it;
/// once
/// `*give_up` is set (may be nullptr), a signal makes it return EINTR instead of waiting on.
std::expected<void, int> write_all(int fd, std::string_view text, const std::atomic<bool> *give_up = nullptr);

}  // namespace parley::console
