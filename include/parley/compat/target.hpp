// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/failure.hpp"
#include "parley/base/level.hpp"

namespace parley::compat {

/// A value for arch_compat: a level, raw (no level set), or a logical PVR that no table knows. The last one is kept so
/// that it can be refused by its name, or forced upon the kernel to see what that says.
struct Target {
  LogicalPvr pvr = kNoLogicalPvr;

  static Target raw() { return {}; }
  static Target of(Level level) { return {level.pvr()}; }

  bool is_raw() const { return pvr == kNoLogicalPvr; }
  std::optional<Level> level() const { return Level::from_logical(pvr); }
  /// The PVR by which a guest with this level knows its processor: the logical one, or the silicon's when it is raw.
  std::uint32_t pvr_shown(PhysicalPvr silicon) const { return is_raw() ? silicon.value : pvr.value; }
  friend bool operator==(const Target &, const Target &) = default;
};

/// "power10 (0x0f000006)", "raw (no level set)", "0x0f000008 (no level that this program knows)"
std::string describe(Target target);
/// "power10", "raw", "0x0f000008": short, and accepted by parse_wish.
std::string short_name(Target target);

/// One word of what a user asked for.
struct Request {
  enum class Kind : std::uint8_t { kAuto, kHost, kTarget };
  Kind kind = Kind::kAuto;
  Target target;  ///< for kTarget
};

/// What a user asked for, in order of preference.
struct Wish {
  std::vector<Request> preference{Request{}};
  bool fallback = false;  ///< below the lowest one, any legal level will do, highest first
  bool force = false;     ///< the policy's refusal does not count; the kernel's still does
};

/// Reads "auto", "host", "raw", a level's name in any case, or a logical PVR ("0x0f000006"); with commas, a list of
/// them.
std::expected<std::vector<Request>, Failure> parse_wish(std::string_view text);

}  // namespace parley::compat
