// SPDX-License-Identifier: Apache-2.0
//
// The matrix on this host, all of it or the cells of a plan; and what is put together from the results of many hosts.
#include "parley/report/matrix.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "commands.hpp"
#include "host_source.hpp"
#include "parley/app/app.hpp"
#include "parley/base/file.hpp"
#include "parley/base/text.hpp"
#include "parley/base/try.hpp"
#include "results.hpp"
#include "worker.hpp"

namespace parley::app {
namespace {

int fail(const Stopped &stopped, const Diagnostics &diagnostics) {
  diagnostics.failure(stopped.failure);
  return stopped.code;
}

// In one step where that can be had: a report that was there is not lost to a full disk.
std::expected<void, FileError> write_report(const std::string &path, const std::string &text) {
  const auto bytes = std::as_bytes(std::span(text));
  std::error_code error;
  const auto type = std::filesystem::symlink_status(path, error).type();
  const bool ordinary = type == std::filesystem::file_type::regular || type == std::filesystem::file_type::not_found;
  return ordinary ? replace_file(path, bytes) : write_file(path, bytes);
}

int deliver_text(const std::string &text, const Options &options, int code, const Diagnostics &diagnostics) {
  if (!options.out) return print_result(text, code, diagnostics);
  const auto written = write_report(*options.out, text);
  if (written) return code;
  return fail({kFailure,
               {"cannot write the report to " + *options.out, errno_text(written.error().error),
                "give it a place that may be written to, with room"}},
              diagnostics);
}

// What a report goes to and is compared with, looked at before a long run is done for nothing.
std::expected<std::optional<std::string>, Failure> read_earlier(const Options &options) {
  const auto folder = std::filesystem::path(options.out.value_or("")).parent_path();
  if (!folder.empty() && ::access(folder.c_str(), F_OK) != 0)
    return std::unexpected(Failure{"cannot write the report to " + *options.out, errno_text(errno),
                                   "give it a place that may be written to, with room"});
  if (!options.against) return std::nullopt;
  auto earlier = read_text(*options.against, kMaxReportSize);
  const auto report =
      earlier ? report::read_matrix_json(*earlier, *options.against)
              : std::unexpected(Failure{"cannot read the report " + *options.against, errno_text(earlier.error().error),
                                        "give --against a report of 'parley matrix --format json'"});
  if (!report) return std::unexpected(report.error());
  return std::move(*earlier);
}

int deliver(const matrix::Report &report, const Options &options, const std::optional<std::string> &earlier,
            const Diagnostics &diagnostics) {
  std::optional<report::Comparison> since;
  if (earlier) {
    auto compared = report::compare_reports({*options.against, *earlier},
                                            {"this report", report::matrix(report, report::MatrixFormat::kJson)});
    if (!compared) return fail({kFailure, compared.error()}, diagnostics);
    since = std::move(*compared);
  }
  return deliver_text(report::matrix(report, options.format, since), options,
                      matrix::as_expected(report) ? kSuccess : kFailure, diagnostics);
}

// --- matrix run

std::expected<std::vector<matrix::CellId>, Stopped> cells_to_run(const Options &options) {
  if (!options.index) return options.cells;
  const auto plan = read_plan(*options.plan);
  if (!plan) return std::unexpected(Stopped{kFailure, plan.error()});
  if (*options.index < plan->size()) return std::vector{(*plan)[*options.index]};
  return std::unexpected(
      Stopped{kUsage,
              {"the plan has no cell " + std::to_string(*options.index),
               *options.plan + " has " + std::to_string(plan->size()) + ", counted from 0", "give a smaller --index"}});
}

// A worker that is started again after its death does what is left.
std::vector<matrix::CellId> cells_left(std::vector<matrix::CellId> cells, const Options &options,
                                       const Diagnostics &diagnostics) {
  if (!options.results) return cells;
  auto left = without_result(*options.results, cells);
  for (const auto &cell : cells) {
    if (std::ranges::find(left, cell) == left.end()) diagnostics.info(matrix::name(cell) + " has a result already");
  }
  return left;
}

// --- matrix merge

std::expected<Results, Failure> collect_for(const Options &options, std::vector<matrix::CellId> &plan) {
  auto results = TRY(collect_results(*options.results));
  const std::string beside = *options.results + "/plan";
  if (options.plan || ::access(beside.c_str(), F_OK) == 0) {
    plan = TRY(read_plan(options.plan.value_or(beside)));
  } else {
    plan = matrix::planned_by(results.reports);
    for (const auto &[id, text] : results.errors) {
      if (const auto cell = matrix::parse_cell(id)) plan.push_back(*cell);
    }
  }
  return results;
}

}  // namespace

int run_matrix(const Options &options, const World &world, const Diagnostics &diagnostics) {
  const auto earlier = read_earlier(options);
  if (!earlier) return fail({kFailure, earlier.error()}, diagnostics);
  const auto host = host_with_kvm(world, diagnostics);
  if (!host) return fail(host.error(), diagnostics);
  const std::vector here{matrix::host_id(*host)};
  const auto cells = matrix::plan(here, options.levels, options.matrix_guest, options.wish.force);
  const auto report = Worker(*host, options, world.kernel, diagnostics).run(cells);
  return report ? deliver(*report, options, *earlier, diagnostics) : fail(report.error(), diagnostics);
}

int plan_matrix(const Options &options, const World &world, const Diagnostics &diagnostics) {
  auto hosts = options.hosts;
  if (hosts.empty()) {
    const auto host = host_with_kvm(world, diagnostics);
    if (!host) return fail(host.error(), diagnostics);
    hosts.push_back(matrix::host_id(*host));
  }
  std::string text;
  for (const auto &cell : matrix::plan(hosts, options.levels, options.matrix_guest, options.wish.force))
    text += matrix::name(cell) + "\n";
  return deliver_text(text, options, kSuccess, diagnostics);
}

int run_matrix_cells(const Options &options, const World &world, const Diagnostics &diagnostics) {
  const auto wanted = cells_to_run(options);
  if (!wanted) return fail(wanted.error(), diagnostics);
  const auto cells = cells_left(*wanted, options, diagnostics);
  if (cells.empty()) return kSuccess;
  const auto host = host_with_kvm(world, diagnostics);
  if (!host && options.results) return give_up(*options.results, cells, host.error(), diagnostics);
  if (!host) return fail(host.error(), diagnostics);
  const Worker worker(*host, options, world.kernel, diagnostics);
  if (options.results) return worker.run_into(*options.results, cells);
  const auto report = worker.run(cells);
  return report ? deliver(*report, options, std::nullopt, diagnostics) : fail(report.error(), diagnostics);
}

int merge_matrix(const Options &options, const Diagnostics &diagnostics) {
  const auto earlier = read_earlier(options);
  if (!earlier) return fail({kFailure, earlier.error()}, diagnostics);
  std::vector<matrix::CellId> plan;
  const auto results = collect_for(options, plan);
  if (!results) return fail({kFailure, results.error()}, diagnostics);
  const auto merged = matrix::merge(plan, results->reports, results->errors);
  for (const std::string &cell : merged.unplanned)
    diagnostics.warn(cell + " is no cell of the plan; its result is left out");
  for (const auto &[name, text] : merged.unplaced)
    diagnostics.warn(printable(name) + " is no cell of the plan and no host in it, and went wrong: " +
                     printable(text.substr(0, text.find('\n'))));
  if (merged.report.hosts.empty())
    return fail({kFailure,
                 {"there is nothing to merge in " + *options.results, "no plan, and no result that can be read",
                  "give the folder that 'parley matrix run --results' wrote to"}},
                diagnostics);
  const int code = deliver(merged.report, options, *earlier, diagnostics);
  return merged.unplaced.empty() ? code : kFailure;
}

}  // namespace parley::app
