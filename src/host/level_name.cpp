// SPDX-License-Identifier: Apache-2.0
#include "level_name.hpp"

#include <string>

#include "parley/base/text.hpp"

namespace parley::host {
namespace {

constexpr std::size_t kPrefixLength = std::string_view("power").size();

bool begins_with_power(std::string_view word) {
  const auto prefix = word.substr(0, kPrefixLength);
  return prefix == "power" || prefix == "POWER" || prefix == "Power";
}

std::uint64_t number_of(std::string_view word) {
  std::uint64_t number = 0;
  return parse_number(word.substr(kPrefixLength), number) ? number : 0;
}

}  // namespace

NamedLevel level_in_name(std::string_view text) {
  const auto word = text.substr(0, text.find_first_of(" ,("));
  if (const auto exact = Level::from_name(word)) return {exact, false};
  if (!begins_with_power(word)) return {};
  // "POWER8E" and "POWER8NVL" are variants of power8 with other core counts.
  const auto end = word.find_first_not_of("0123456789", kPrefixLength);
  const auto numbered = word.substr(0, end);
  if (const auto found = Level::from_name(numbered)) return {found, false};
  if (number_of(numbered) > number_of(Level::highest().name())) return {Level::highest(), true};
  return {};
}

}  // namespace parley::host
