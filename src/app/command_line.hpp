// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::app {

/// What a Linux will not do with its command line that the user may think it does: what it cuts off, and a console that
/// a guest of Parley's does not have. A sentence each.
std::vector<std::string> doubts_about_command_line(std::string_view text);

}  // namespace parley::app
