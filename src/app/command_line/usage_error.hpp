// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "app/command_line/arguments.hpp"

namespace CLI {
class ParseError;
}

namespace parley::app {

/// An error of CLI11 in Parley's words: CLI11's own messages address the programmer, not the user.
std::string explain_usage_error(const CLI::ParseError &error, const Arguments &arguments);

}  // namespace parley::app
