// SPDX-License-Identifier: Apache-2.0
//
// What a guest may choose besides its level: the MMU. All guests have the XICS.
//
// A guest learns of the choice in "ibm,arch-vec-5-platform-support" and chooses in option vector 5 when it negotiates
// (LoPAR B.6.2.3). A guest that does not negotiate gets radix, if it is offered. A partition's KVM has radix only; bare
// metal may have both.
#pragma once

namespace parley::compat {

/// The choice that a guest has. At least one MMU is offered.
struct Platform {
  bool radix = true;
  bool hash = false;
  friend bool operator==(const Platform &, const Platform &) = default;
};

}  // namespace parley::compat
