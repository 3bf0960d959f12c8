// SPDX-License-Identifier: Apache-2.0
#include "parley/base/text.hpp"
#include "parley/matrix/cell.hpp"

namespace parley::matrix {
namespace {

// The text after these words, up to a space or the end of the line.
std::optional<std::string_view> word_after(std::string_view console, std::string_view words) {
  const auto at = console.find(words);
  if (at == console.npos) return std::nullopt;
  const auto rest = console.substr(at + words.size());
  return rest.substr(0, rest.find_first_of(" )\r\n"));
}

std::optional<std::uint32_t> number_after(std::string_view console, std::string_view words) {
  const auto word = word_after(console, words);
  std::uint64_t number = 0;
  constexpr std::string_view kLongest = "0x00000000";
  if (!word || !word->starts_with("0x") || word->size() > kLongest.size() || !parse_number(*word, number))
    return std::nullopt;
  return static_cast<std::uint32_t>(number);
}

}  // namespace

// src/guest/builtin.S and lab/l2-init print "physical PVR: 0x00821200" and "(cpu-version 0x0f000006)". The latter also
// prints "AT_PLATFORM: power10".
Seen read_guest(std::string_view console) {
  Seen seen;
  seen.cpu_version = number_after(console, "cpu-version ");
  if (const auto pvr = number_after(console, "physical PVR: ")) seen.pvr = PhysicalPvr{*pvr};
  if (const auto platform = word_after(console, "AT_PLATFORM: ")) seen.platform = std::string(*platform);
  return seen;
}

}  // namespace parley::matrix
