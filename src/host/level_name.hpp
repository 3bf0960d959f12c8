// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "parley/base/level.hpp"

namespace parley::host {

struct NamedLevel {
  std::optional<Level> level;
  bool newer = false;  ///< "power12": a number above all known levels; `level` is then the highest known
};

/// The level in the first word of AT_PLATFORM or of the "cpu" line of /proc/cpuinfo: "power10", "Power11 (raw)",
/// "POWER9, altivec supported", "POWER9 (architected)".
NamedLevel level_in_name(std::string_view text);

}  // namespace parley::host
