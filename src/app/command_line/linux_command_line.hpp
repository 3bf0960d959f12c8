// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::app {

/// Checks the command line of a Linux guest for two likely mistakes: it is longer than Linux accepts, or its "console="
/// names a device that the guest does not have: it has hvc0 and so on, one for each terminal. One sentence for each.
std::vector<std::string> doubts_about_linux_command_line(std::string_view text, unsigned terminals);

}  // namespace parley::app
