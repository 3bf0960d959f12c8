// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::app {

/// Checks the command line of a Linux guest for two likely mistakes: it is longer than Linux accepts, or its "console="
/// names a device that Parley's guests do not have. One sentence for each.
std::vector<std::string> doubts_about_linux_command_line(std::string_view text);

}  // namespace parley::app
