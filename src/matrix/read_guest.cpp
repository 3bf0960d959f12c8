// SPDX-License-Identifier: Apache-2.0
#include "parley/base/text.hpp"
#include "parley/matrix/cell.hpp"

namespace parley::matrix {
namespace {

// What stands behind those words, on their line, up to a space.
std::optional<std::string_view> word_behind(std::string_view console, std::string_view words) {
  const auto at = console.find(words);
  if (at == console.npos) return std::nullopt;
  const auto rest = console.substr(at + words.size());
  return rest.substr(0, rest.find_first_of(" )\r\n"));
}

std::optional<std::uint32_t> number_behind(std::string_view console, std::string_view words) {
  const auto word = word_behind(console, words);
  std::uint64_t number = 0;
  constexpr std::string_view kLongest = "0x00000000";
  if (!word || !word->starts_with("0x") || word->size() > kLongest.size() || !parse_number(*word, number))
    return std::nullopt;
  return static_cast<std::uint32_t>(number);
}

}  // namespace

// "physical PVR: 0x00821200", "(cpu-version 0x0f000006)": src/guest/builtin.S and lab/l2-init; the latter says
// "AT_PLATFORM: power10" too.
Seen read_guest(std::string_view console) {
  Seen seen;
  seen.cpu_version = number_behind(console, "cpu-version ");
  if (const auto pvr = number_behind(console, "physical PVR: ")) seen.pvr = PhysicalPvr{*pvr};
  if (const auto platform = word_behind(console, "AT_PLATFORM: ")) seen.platform = std::string(*platform);
  return seen;
}

}  // namespace parley::matrix
