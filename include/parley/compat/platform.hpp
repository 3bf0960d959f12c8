// SPDX-License-Identifier: Apache-2.0
//
// What a guest may choose besides its level: the MMU and the interrupt controller.
//
// A guest learns of the choice in "ibm,arch-vec-5-platform-support" and chooses in option vector 5 when it negotiates
// (LoPAR B.6.2.3). A guest that does not negotiate gets the first of each: radix before hash, XICS before XIVE. A
// partition's KVM has radix and XICS only; bare metal may have all four.
#pragma once

namespace parley::compat {

/// The choice that a guest has. At least one MMU and one interrupt controller are offered.
struct Platform {
  bool radix = true;
  bool hash = false;
  bool xics = true;
  bool xive = false;
  friend bool operator==(const Platform &, const Platform &) = default;
};

}  // namespace parley::compat
