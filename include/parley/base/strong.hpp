// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>

namespace parley {

/// A value with a type of its own: a GuestAddress and a LogicalPvr are both numbers, but cannot be mixed up. It
/// compares like its representation. Compare logical PVRs for equality only: their numeric order is not the order of
/// levels (level.hpp).
template <typename Tag, typename Rep>
struct Strong {
  Rep value{};

  constexpr Strong() = default;
  constexpr explicit Strong(Rep initial) : value(initial) {}
  friend constexpr auto operator<=>(const Strong &, const Strong &) = default;
};

}  // namespace parley
