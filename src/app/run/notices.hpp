// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "app/diagnostics.hpp"
#include "parley/machine/machine.hpp"

namespace parley::app {

/// Prints a notice about the guest's level. `host` describes the host in one phrase (MachinePlan::host).
void announce(const machine::Notice &notice, const std::string &host, const Diagnostics &diagnostics);

}  // namespace parley::app
