// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "parley/compat/target.hpp"

namespace parley::app {

/// Nothing hides a warning: a replaced or forced level is one.
enum class LogLevel : std::uint8_t { kWarning, kInfo, kDebug, kTrace };

enum class Command : std::uint8_t { kInspect, kCheck, kRun };

struct Options {
  Command command = Command::kInspect;
  LogLevel log_level = LogLevel::kInfo;
  bool json = false;
  std::optional<std::string> host;  ///< where to take the facts from instead of from this machine
  compat::Wish wish;
  std::uint64_t memory_size = 0;       ///< bytes
  std::optional<std::string> payload;  ///< the file; none for the built-in guest
};

/// There is no command to run: --help or --version was asked for, or the usage is bad.
struct EarlyExit {
  std::string help;                ///< for standard output
  std::optional<Failure> failure;  ///< bad usage
};

std::expected<Options, EarlyExit> parse_options(int argc, const char *const *argv);

}  // namespace parley::app
