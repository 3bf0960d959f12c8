// SPDX-License-Identifier: Apache-2.0
#include "app/commands/matrix_run.hpp"

#include <algorithm>

#include "app/command_line/option_registry.hpp"
#include "app/commands/matrix_output.hpp"
#include "app/commands/progress.hpp"
#include "parley/base/try.hpp"
#include "parley/executor/results.hpp"

namespace parley::app {
namespace {

using Cells = std::vector<matrix::CellId>;

std::expected<Cells, Stopped> requested_cells(const MatrixRunOptions &options) {
  if (!options.index) return options.cells;
  const auto plan = executor::read_plan(*options.plan);
  if (!plan) return std::unexpected(Stopped{kFailure, plan.error()});
  if (*options.index < plan->size()) return std::vector{(*plan)[*options.index]};
  return std::unexpected(
      Stopped{kUsage,
              {"the plan has no cell " + std::to_string(*options.index),
               *options.plan + " has " + std::to_string(plan->size()) + ", counted from 0", "give a smaller --index"}});
}

// A worker that was killed and is started again does the rest.
Cells cells_left(const Cells &cells, const MatrixRunOptions &options, const Diagnostics &diagnostics) {
  if (!options.results) return cells;
  auto left = executor::without_result(*options.results, cells);
  for (const auto &cell : cells) {
    if (std::ranges::find(left, cell) == left.end()) diagnostics.info(matrix::name(cell) + " has a result already");
  }
  return left;
}

// Fails, and with --results writes the reason for each cell to the folder.
int give_up(const MatrixRunOptions &options, const Cells &cells, const Stopped &why, const Diagnostics &diagnostics) {
  if (!options.results) return fail(why, diagnostics);
  executor::give_up(*options.results, cells, {executor::NoResult::Cause::kFailure, why.failure},
                    [&](const Failure &failure) { diagnostics.failure(failure); });
  return why.code;
}

int try_cells(const MatrixRunOptions &options, const Cells &cells, const executor::Worker &worker,
              const Diagnostics &diagnostics) {
  if (options.results) {
    const auto done = worker.run_into(*options.results, cells);
    return done ? kSuccess : stopped_by({done.error(), {}}).code;
  }
  const auto report = worker.run(cells);
  return report ? deliver_report(*report, options.report, std::nullopt, diagnostics)
                : fail(stopped_by(report.error()), diagnostics);
}

}  // namespace

void add_options(OptionRegistry &registry, MatrixRunOptions &options) {
  const OptionHandle cell =
      registry.option("--cell", options.texts.cells, "The cell's name; may be repeated").type("CELL");
  OptionHandle plan = registry.always("--plan", options.plan, "A file with the names of cells").type("FILE");
  const OptionHandle index = registry.always("--index", options.index, "The cell's number in the plan, from 0")
                                 .excludes(cell)
                                 .needs(plan)
                                 .type("N");
  plan.needs(index).excludes(cell);
  registry
      .option("--results", options.results,
              "Write each result to a file of its own in this folder; a cell with a result there is not tried again")
      .type("DIR");
  add_options(registry, options.trial);
  add_options(registry, options.report);
}

std::expected<void, Failure> finish(MatrixRunOptions &options) {
  if (options.results && (options.report.out || !options.report.texts.format.empty()))
    return std::unexpected(Failure{"--results excludes --out and --format",
                                   "the names and the form of results are fixed",
                                   "give --out and --format to parley matrix merge"});
  TRY(finish(options.report));
  TRY(finish(options.trial));
  for (const std::string &cell : options.texts.cells) options.cells.push_back(TRY(matrix::parse_cell(cell)));
  if (!options.cells.empty() || options.index) return {};
  return std::unexpected(Failure{"matrix run needs a cell", "neither --cell nor --index is given",
                                 "parley matrix run --cell NAME, or --plan FILE --index N"});
}

int execute(const MatrixRunOptions &options, const World &world, const Diagnostics &diagnostics) {
  const auto requested = requested_cells(options);
  if (!requested) return fail(requested.error(), diagnostics);
  const auto cells = cells_left(*requested, options, diagnostics);
  if (cells.empty()) return kSuccess;
  const auto host = host_with_kvm(world, diagnostics);
  if (!host) return give_up(options, cells, host.error(), diagnostics);
  auto settings = worker_settings(options.trial, diagnostics);
  if (!settings) return give_up(options, cells, settings.error(), diagnostics);
  const Progress progress(*settings, diagnostics);
  return try_cells(options, cells, executor::Worker(*host, *settings, world.kernel), diagnostics);
}

}  // namespace parley::app
