// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "diagnostics.hpp"
#include "parley/machine/machine.hpp"

namespace parley::app {

/// Tells the user what became of the guest's level. `host`: the host in a phrase, as in the plan of its machine.
void announce(const machine::Notice &notice, const std::string &host, const Diagnostics &diagnostics);

}  // namespace parley::app
