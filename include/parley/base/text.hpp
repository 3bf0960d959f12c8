// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

/// "0x0f000006", always eight digits.
std::string hex32(std::uint32_t value);
/// "0xffffffffffffffea", always sixteen digits.
std::string hex64(std::uint64_t value);
/// The parts with `separator` between them.
std::string join(const std::vector<std::string> &parts, std::string_view separator);
/// The parts between the separators; a separator at the very end begins no part.
std::vector<std::string_view> split(std::string_view text, char separator);
/// ASCII letters in lower case.
std::string to_lower(std::string_view text);
/// ASCII letters in upper case.
std::string to_upper(std::string_view text);
/// What a guest or a file wrote, fit for a line of a message: control characters and other bytes as \\xNN.
std::string printable(std::string_view text);
/// What remains when white space is taken off both ends.
std::string_view trim(std::string_view text);
/// A decimal or 0x-prefixed number that is the whole of `text` and fits; false otherwise.
bool parse_number(std::string_view text, std::uint64_t &value);
/// A whole number of seconds from 1 to 86400 (a day); none where `text` is anything else.
std::optional<std::chrono::seconds> parse_seconds(std::string_view text);

}  // namespace parley
