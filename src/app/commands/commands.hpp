// SPDX-License-Identifier: Apache-2.0
//
// The commands of `parley`, one row each.
//
// A command is a structure with its options, and three functions that are overloaded for that structure:
//
//   void add_options(OptionRegistry &, Options &)              names the options and where their values go
//   std::expected<void, Failure> finish(Options &)             checks and converts them; may be missing
//   int execute(const Options &, const World &, const Diagnostics &)   does the work, returns the exit code
//
// Options that need a conversion are parsed into the structure's `texts`, from which finish() computes the values. A
// new command is a new file in this folder, an alternative of CommandOptions, and a row of the table in commands.cpp.
#pragma once

#include <expected>
#include <span>
#include <string_view>
#include <variant>

#include "app/commands/check.hpp"
#include "app/commands/diff.hpp"
#include "app/commands/inspect.hpp"
#include "app/commands/matrix.hpp"
#include "app/commands/matrix_merge.hpp"
#include "app/commands/matrix_plan.hpp"
#include "app/commands/matrix_run.hpp"
#include "app/commands/run.hpp"

namespace parley::app {

using CommandOptions = std::variant<InspectOptions, CheckOptions, RunOptions, DiffOptions, MatrixOptions,
                                    MatrixPlanOptions, MatrixRunOptions, MatrixMergeOptions>;

struct Command {
  std::string_view name;
  const char *help;
  const char *footer = "";  ///< below the options in --help
  std::string_view parent;  ///< the command whose subcommand it is; "" for none
  bool has_subcommands = false;
  CommandOptions (*defaults)();
  void (*add_options)(OptionRegistry &, CommandOptions &);
  std::expected<void, Failure> (*finish)(CommandOptions &);
  int (*execute)(const CommandOptions &, const World &, const Diagnostics &);
};

/// A subcommand comes after its parent.
std::span<const Command> commands();

}  // namespace parley::app
