// SPDX-License-Identifier: Apache-2.0
#include "parley/compat/target.hpp"

#include "parley/base/text.hpp"
#include "parley/base/try.hpp"

namespace parley::compat {
namespace {

std::expected<Request, Failure> parse_word(std::string_view word) {
  const std::string lower = to_lower(word);
  if (lower == "auto") return Request{Request::Kind::kAuto, {}};
  if (lower == "host") return Request{Request::Kind::kHost, {}};
  if (lower == "raw") return Request{Request::Kind::kTarget, Target::raw()};
  if (const auto level = Level::from_name(lower)) return Request{Request::Kind::kTarget, Target::of(*level)};
  std::uint64_t number = 0;
  // 0 means raw, and raw must be requested by name.
  if (lower.starts_with("0x") && parse_number(lower, number) && number != 0 && number <= 0xffffffff) {
    return Request{Request::Kind::kTarget, Target{LogicalPvr{static_cast<std::uint32_t>(number)}}};
  }
  return std::unexpected(
      Failure{"'" + std::string(word) + "' is not a level", "it is neither the name of a level nor a logical PVR",
              "use auto, host, raw, power8, power9, power10, power11, or a logical PVR such as 0x0f000006"});
}

}  // namespace

std::expected<std::vector<Request>, Failure> parse_wish(std::string_view text) {
  std::vector<Request> requests;
  for (;;) {
    const auto comma = text.find(',');
    requests.push_back(TRY(parse_word(trim(text.substr(0, comma)))));
    if (comma == std::string_view::npos) return requests;
    text.remove_prefix(comma + 1);
  }
}

std::string describe(Target target) {
  if (target.is_raw()) return "raw (no level set)";
  if (const auto level = target.level()) return describe(*level);
  return hex32(target.pvr.value) + " (no known level)";
}

std::string short_name(Target target) {
  if (target.is_raw()) return "raw";
  if (const auto level = target.level()) return std::string(level->name());
  return hex32(target.pvr.value);
}

}  // namespace parley::compat
