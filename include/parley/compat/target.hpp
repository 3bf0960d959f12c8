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

/// A value for arch_compat: a level, raw (no level set), or an unknown logical PVR. Unknown values are kept, so that a
/// refusal can name them, and --force can try them on the kernel.
struct Target {
  LogicalPvr pvr = kNoLogicalPvr;

  static Target raw() { return {}; }
  static Target of(Level level) { return {level.pvr()}; }

  bool is_raw() const { return pvr == kNoLogicalPvr; }
  std::optional<Level> level() const { return Level::from_logical(pvr); }
  /// The PVR in the cpu-version of a guest at this level: the logical one, or the silicon's when it is raw.
  std::uint32_t pvr_shown(PhysicalPvr silicon) const { return is_raw() ? silicon.value : pvr.value; }
  friend bool operator==(const Target &, const Target &) = default;
};

/// "power10 (0x0f000006)", "raw (no level set)", "0x0f000008 (no known level)"
std::string describe(Target target);
/// "power10", "raw", "0x0f000008": short, and accepted by parse_wish.
std::string short_name(Target target);

/// One word of a user's request.
struct Request {
  enum class Kind : std::uint8_t { kAuto, kHost, kTarget };
  Kind kind = Kind::kAuto;
  Target target;  ///< for kTarget
};

/// A user's request, in order of preference.
struct Wish {
  std::vector<Request> preference{Request{}};
  bool fallback = false;  ///< any legal level below the lowest preference is acceptable, highest first
  bool force = false;     ///< a refusal by the policy is overruled; a refusal by the kernel still counts
};

/// Reads a comma-separated list of "auto", "host", "raw", names of levels in any case, and logical PVRs ("0x0f000006").
std::expected<std::vector<Request>, Failure> parse_wish(std::string_view text);

}  // namespace parley::compat
