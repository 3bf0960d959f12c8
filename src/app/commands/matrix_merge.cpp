// SPDX-License-Identifier: Apache-2.0
#include "app/commands/matrix_merge.hpp"

#include <unistd.h>

#include "app/command_line/option_registry.hpp"
#include "app/commands/matrix_output.hpp"
#include "parley/base/text.hpp"
#include "parley/base/try.hpp"
#include "parley/executor/results.hpp"

namespace parley::app {
namespace {

// The cells of the plan; without a plan, those with a result or an error.
std::expected<std::vector<matrix::CellId>, Failure> planned_cells(const MatrixMergeOptions &options,
                                                                  const executor::Results &results) {
  const std::string in_folder = options.folder + "/plan";
  if (options.plan || ::access(in_folder.c_str(), F_OK) == 0)
    return executor::read_plan(options.plan.value_or(in_folder));
  auto plan = matrix::planned_by(results.reports);
  for (const auto &[id, text] : results.errors) {
    if (const auto cell = matrix::parse_cell(id)) plan.push_back(*cell);
  }
  return plan;
}

std::expected<matrix::Merged, Failure> merge(const MatrixMergeOptions &options) {
  const auto results = TRY(executor::collect_results(options.folder));
  const auto plan = TRY(planned_cells(options, results));
  auto merged = matrix::merge(plan, results.reports, results.errors);
  if (!merged.report.hosts.empty()) return merged;
  return std::unexpected(Failure{"there is nothing to merge in " + options.folder, "no plan and no readable result",
                                 "name the folder that 'parley matrix run --results' wrote to"});
}

void warn_of_strays(const matrix::Merged &merged, const Diagnostics &diagnostics) {
  for (const std::string &cell : merged.unplanned)
    diagnostics.warn(cell + " is not a cell of the plan; its result is left out");
  for (const auto &[name, text] : merged.unplaced)
    diagnostics.warn(printable(name) + " is neither a cell nor a host of the plan, and reports a failure: " +
                     printable(text.substr(0, text.find('\n'))));
}

}  // namespace

void add_options(OptionRegistry &registry, MatrixMergeOptions &options) {
  registry.always("dir", options.folder, "The folder").required().type("DIR");
  registry
      .option("--plan", options.plan,
              "The cells of the report (default: DIR/plan, or without it the cells with a result)")
      .type("FILE");
  add_options(registry, options.report);
  add_against_option(registry, options.report);
}

std::expected<void, Failure> finish(MatrixMergeOptions &options) { return finish(options.report); }

int execute(const MatrixMergeOptions &options, const World &, const Diagnostics &diagnostics) {
  const auto earlier = read_earlier(options.report);
  if (!earlier) return fail({kFailure, earlier.error()}, diagnostics);
  const auto merged = merge(options);
  if (!merged) return fail({kFailure, merged.error()}, diagnostics);
  warn_of_strays(*merged, diagnostics);
  const int code = deliver_report(merged->report, options.report, *earlier, diagnostics);
  return merged->unplaced.empty() ? code : kFailure;
}

}  // namespace parley::app
