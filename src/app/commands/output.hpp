// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "app/diagnostics.hpp"

namespace parley::app {

/// The help text of --host.
inline constexpr const char *kHostHelp =
    "Take the facts from PATH instead of from this machine: a folder like /proc/device-tree, a .dtb, or a saved "
    "'inspect --json'";

/// Writes a result to standard output; returns `code`, or kFailure if it could not be written.
int print_result(const std::string &text, int code, const Diagnostics &diagnostics);

}  // namespace parley::app
