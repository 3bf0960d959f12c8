// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>

namespace parley {

/// A value that cannot be mistaken for another of the same representation: a GuestAddress is
/// no LogicalPvr, though both are numbers. It orders and compares like its representation; leave
/// that to identity for logical PVRs, whose numeric order is not the order of levels (level.hpp).
template <typename Tag, typename Rep>
struct Strong {
  Rep value{};

  constexpr Strong() = default;
  constexpr explicit Strong(Rep initial) : value(initial) {}
  friend constexpr auto operator<=>(const Strong &, const Strong &) = default;
};

}  // namespace parley
