// SPDX-License-Identifier: Apache-2.0
#include "parley/base/text.hpp"

#include <charconv>
#include <cstdio>

namespace parley {

namespace {

// With leading zeros. Reports contain many of these, so it avoids a formatting library.
template <typename T>
std::string hex(T value) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text(2 + 2 * sizeof(T), 'x');
  text[0] = '0';
  for (std::size_t i = text.size(); i > 2; value = static_cast<T>(value >> 4)) text[--i] = kDigits[value & 0xf];
  return text;
}

}  // namespace

std::string hex32(std::uint32_t value) { return hex(value); }
std::string hex64(std::uint64_t value) { return hex(value); }

std::string join(const std::vector<std::string> &parts, std::string_view separator) {
  std::string text;
  for (const auto &part : parts) {
    if (!text.empty()) text += separator;
    text += part;
  }
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    parts.push_back(text.substr(0, text.find(separator)));
    text.remove_prefix(std::min(text.size(), parts.back().size() + 1));
  }
  return parts;
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char &c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string to_upper(std::string_view text) {
  std::string upper(text);
  for (char &c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

std::string printable(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (c >= ' ' && c <= '~') {
      line += c;
      continue;
    }
    char escaped[5];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    line += escaped;
  }
  return line;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool parse_number(std::string_view text, std::uint64_t &value) {
  const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
  const auto digits = is_hex ? text.substr(2) : text;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, is_hex ? 16 : 10);
  return error == std::errc{} && end == digits.data() + digits.size();
}

std::optional<std::chrono::seconds> parse_seconds(std::string_view text) {
  constexpr std::uint64_t kDay = 24 * 3600;
  std::uint64_t seconds = 0;
  if (!parse_number(text, seconds) || seconds < 1 || seconds > kDay) return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace parley
