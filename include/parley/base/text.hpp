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
/// The parts between the separators. A separator at the end does not begin another part.
std::vector<std::string_view> split(std::string_view text, char separator);
/// ASCII letters in lower case.
std::string to_lower(std::string_view text);
/// ASCII letters in upper case.
std::string to_upper(std::string_view text);
/// Text of a guest or a file for one line of a message: all but printable ASCII becomes \\xNN.
std::string printable(std::string_view text);
/// Without the white space at both ends.
std::string_view trim(std::string_view text);
/// Parses all of `text` as a decimal or 0x-prefixed number of 64 bits; false where it is anything else.
bool parse_number(std::string_view text, std::uint64_t &value);
/// A whole number of seconds from 1 to 86400 (a day); none where `text` is anything else.
std::optional<std::chrono::seconds> parse_seconds(std::string_view text);

}  // namespace parley
