// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "app/commands/commands.hpp"
#include "app/log_level.hpp"
#include "parley/base/failure.hpp"

namespace parley::app {

/// A parsed command line.
struct Invocation {
  const Command *command;
  CommandOptions options;  ///< the command's alternative
  LogLevel log_level = LogLevel::kInfo;
};

/// There is no command to execute: the line asks for --help or --version, or its usage is wrong.
struct EarlyExit {
  std::string help;                ///< for standard output
  std::optional<Failure> failure;  ///< wrong usage
};

std::expected<Invocation, EarlyExit> parse_command_line(int argc, const char *const *argv);

}  // namespace parley::app
