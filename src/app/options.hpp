// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "parley/compat/target.hpp"
#include "parley/console/endpoint.hpp"
#include "parley/guest/plan.hpp"
#include "parley/report/matrix.hpp"
#include "parley/sandbox/sandbox.hpp"

namespace parley::app {

/// Nothing hides a warning: a replaced or forced level is one.
enum class LogLevel : std::uint8_t { kWarning, kInfo, kDebug, kTrace };

enum class Command : std::uint8_t { kInspect, kCheck, kRun, kMatrix, kMatrixPlan, kMatrixRun, kMatrixMerge, kDiff };

struct Options {
  Command command = Command::kInspect;
  LogLevel log_level = LogLevel::kInfo;
  bool json = false;
  std::optional<std::string> host;  ///< where to take the facts from instead of from this machine
  compat::Wish wish;

  // The guest; without a kernel and without a payload the built-in one.
  std::uint64_t memory_size = 0;  ///< bytes
  unsigned processors = 1;
  std::optional<std::string> kernel;
  std::optional<std::string> initrd;
  std::optional<std::string> payload;
  std::string command_line;
  std::optional<guest::BootKind> boot;  ///< of a kernel; none: what suits it
  console::Endpoint serial;
  bool reboot = true;  ///< a guest that reboots starts again
  std::optional<std::chrono::seconds> watchdog;
  std::optional<std::string> dump_tree;  ///< where to write the guest's flattened tree
  std::optional<std::string> nvram;
  sandbox::Mode sandbox = sandbox::Mode::kOn;

  // The matrix
  std::vector<compat::Target> levels;
  std::vector<matrix::HostId> hosts;  ///< of a plan; empty: this one
  std::vector<matrix::CellId> cells;
  matrix::Guest matrix_guest = matrix::Guest::kBuiltin;
  std::chrono::seconds cell_limit{0};
  std::vector<std::string> notes;
  std::optional<std::string> plan;     ///< a file
  std::optional<std::size_t> index;    ///< of a cell in the plan
  std::optional<std::string> results;  ///< a folder
  report::MatrixFormat format = report::MatrixFormat::kText;
  std::optional<std::string> out;      ///< where to write the report instead of to standard output
  std::optional<std::string> against;  ///< an earlier report

  // diff
  std::string before;
  std::string after;

  std::vector<std::string> no_effect;  ///< QEMU's options and settings that mean nothing here
  std::vector<std::string> remarks;    ///< how something was taken
};

/// There is no command to run: --help or --version was asked for, or the usage is bad.
struct EarlyExit {
  std::string help;                ///< for standard output
  std::optional<Failure> failure;  ///< bad usage
};

std::expected<Options, EarlyExit> parse_options(int argc, const char *const *argv);

}  // namespace parley::app
