// SPDX-License-Identifier: Apache-2.0
#include "app/commands/commands.hpp"

#include "app/command_line/option_registry.hpp"

namespace parley::app {
namespace {

struct Texts {
  std::string_view name;
  const char *help;
  const char *footer = "";
  std::string_view parent = {};
  bool has_subcommands = false;
};

// The row of the command with these options.
template <typename Options>
constexpr Command row(const Texts &texts) {
  return {.name = texts.name,
          .help = texts.help,
          .footer = texts.footer,
          .parent = texts.parent,
          .has_subcommands = texts.has_subcommands,
          .defaults = [] { return CommandOptions(Options()); },
          .add_options = [](OptionRegistry &registry,
                            CommandOptions &options) { add_options(registry, std::get<Options>(options)); },
          .finish = [](CommandOptions &options) -> std::expected<void, Failure> {
            if constexpr (requires { finish(std::get<Options>(options)); }) return finish(std::get<Options>(options));
            return {};
          },
          .execute =
              [](const CommandOptions &options, const World &world, const Diagnostics &diagnostics) {
                return execute(std::get<Options>(options), world, diagnostics);
              }};
}

constexpr const char *kCellNames =
    "A cell is named host.SILICON.compat.LEVEL[.api.v1|.api.v2|.api.bare][.kernel.LABEL].guest.LEVEL[.linux][.forced]; "
    "a host is the part before '.guest'. A level's name alone means a host with that silicon and that level.";

constexpr Command kCommands[] = {
    row<InspectOptions>({"inspect", "Describe this host: every source, how far it is trusted, and the verdict"}),
    row<CheckOptions>({"check",
                       "Check whether a guest may have LEVEL here: every rule with its evidence; exit code 0 legal, 3 "
                       "refused"}),
    row<RunOptions>({"run",
                     "Run a guest at a legal level: a Linux (--kernel), another program (--payload), or a small "
                     "built-in guest that prints its readings. QEMU's spellings (-kernel, -smp) are accepted too"}),
    row<DiffOptions>({"diff",
                      "List the changes between two reports of 'matrix --format json' or of 'inspect --json'; exit "
                      "code 0 none, 1 some, 2 the reports cannot be compared"}),
    row<MatrixOptions>({"matrix",
                        "Try every level on this host: the policy's answer, the kernel's answer, what the guest sees, "
                        "and whether that was predicted; exit code 0 as predicted, 1 with a surprise",
                        kCellNames, "", true}),
    row<MatrixPlanOptions>({"plan", "Print the names of cells, one a line, for 'matrix run'", kCellNames, "matrix"}),
    row<MatrixRunOptions>({"run",
                           "Try cells of a plan on this host; exit code 0 even if a cell with --results is a surprise, "
                           "4 if this is not the host of the cell",
                           kCellNames, "matrix"}),
    row<MatrixMergeOptions>(
        {"merge", "Merge the results in a folder; a missing result is reported as lost", "", "matrix"}),
};

}  // namespace

std::span<const Command> commands() { return kCommands; }

}  // namespace parley::app
