// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "parley/matrix/cell.hpp"

namespace parley::testing {

inline matrix::CellId cell(const std::string &name) { return matrix::parse_cell(name).value(); }
/// A legal cell of the reference host, and a forced one that the policy refuses.
inline const std::string kPower10 = "host.power11.compat.power10.guest.power10";
inline const std::string kPower11 = "host.power11.compat.power10.guest.power11.forced";

}  // namespace parley::testing
