// SPDX-License-Identifier: Apache-2.0
//
// The matrix on this host, all of it or the cells of a plan; and what is put together from the results of many hosts.
#include "parley/report/matrix.hpp"

#include <unistd.h>

#include "commands.hpp"
#include "host_source.hpp"
#include "parley/app/app.hpp"
#include "parley/base/file.hpp"
#include "parley/base/text.hpp"
#include "parley/base/try.hpp"
#include "parley/machine/probe.hpp"
#include "results.hpp"
#include "worker.hpp"

namespace parley::app {
namespace {

std::expected<compat::Host, Stopped> host_with_kvm(kvm::Kernel &kernel, const Diagnostics &diagnostics) {
  compat::Host host = assess_host(machine::gather_facts(kernel));
  const host::KvmFacts &kvm = host.facts.kvm;
  if (kvm.access != host::KvmAccess::kHv)
    return std::unexpected(
        Stopped{machine::is_refusal(kvm.access) ? kFailure : kNotApplicable, machine::explain_access(kvm)});
  for (const auto &doubt : host.capabilities.doubts) diagnostics.warn(doubt.sentence);
  return host;
}

int fail(const Stopped &stopped, const Diagnostics &diagnostics) {
  diagnostics.failure(stopped.failure);
  return stopped.code;
}

int deliver_text(const std::string &text, const Options &options, int code, const Diagnostics &diagnostics) {
  if (!options.out) return print_result(text, code, diagnostics);
  const auto written = write_file(*options.out, std::as_bytes(std::span(text)));
  if (written) return code;
  return fail({kFailure,
               {"cannot write the report to " + *options.out, errno_text(written.error().error),
                "give it a place that may be written to, with room"}},
              diagnostics);
}

std::expected<std::optional<report::Comparison>, Failure> compare_with_earlier(const matrix::Report &report,
                                                                               const Options &options) {
  if (!options.against) return std::nullopt;
  const auto earlier = read_text(*options.against, kMaxReportSize);
  if (!earlier)
    return std::unexpected(Failure{"cannot read the report " + *options.against, errno_text(earlier.error().error),
                                   "give --against a report of 'parley matrix --format json'"});
  return TRY(report::compare_reports({*options.against, *earlier},
                                     {"this report", report::matrix(report, report::MatrixFormat::kJson)}));
}

int deliver(const matrix::Report &report, const Options &options, const Diagnostics &diagnostics) {
  const auto since = compare_with_earlier(report, options);
  if (!since) return fail({kFailure, since.error()}, diagnostics);
  return deliver_text(report::matrix(report, options.format, *since), options,
                      matrix::as_expected(report) ? kSuccess : kFailure, diagnostics);
}

// --- matrix run

std::expected<std::vector<matrix::CellId>, Failure> cells_to_run(const Options &options) {
  if (!options.index) return options.cells;
  const auto plan = TRY(read_plan(*options.plan));
  if (*options.index < plan.size()) return std::vector{plan[*options.index]};
  return std::unexpected(Failure{"the plan has no cell " + std::to_string(*options.index),
                                 *options.plan + " has " + std::to_string(plan.size()) + ", counted from 0",
                                 "give a smaller --index"});
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

int run_matrix(const Options &options, kvm::Kernel &kernel, const Diagnostics &diagnostics) {
  const auto host = host_with_kvm(kernel, diagnostics);
  if (!host) return fail(host.error(), diagnostics);
  const std::vector here{matrix::host_id(*host)};
  const auto cells = matrix::plan(here, options.levels, options.matrix_guest, options.wish.force);
  const auto report = Worker(*host, options, kernel, diagnostics).run(cells);
  return report ? deliver(*report, options, diagnostics) : fail(report.error(), diagnostics);
}

int plan_matrix(const Options &options, kvm::Kernel &kernel, const Diagnostics &diagnostics) {
  auto hosts = options.hosts;
  if (hosts.empty()) {
    const auto host = host_with_kvm(kernel, diagnostics);
    if (!host) return fail(host.error(), diagnostics);
    hosts.push_back(matrix::host_id(*host));
  }
  std::string text;
  for (const auto &cell : matrix::plan(hosts, options.levels, options.matrix_guest, options.wish.force))
    text += matrix::name(cell) + "\n";
  return deliver_text(text, options, kSuccess, diagnostics);
}

int run_matrix_cells(const Options &options, kvm::Kernel &kernel, const Diagnostics &diagnostics) {
  const auto cells = cells_to_run(options);
  if (!cells) return fail({kUsage, cells.error()}, diagnostics);
  const auto host = host_with_kvm(kernel, diagnostics);
  if (!host && options.results) return give_up(*options.results, *cells, host.error(), diagnostics);
  if (!host) return fail(host.error(), diagnostics);
  const Worker worker(*host, options, kernel, diagnostics);
  if (options.results) return worker.run_into(*options.results, *cells);
  const auto report = worker.run(*cells);
  return report ? deliver(*report, options, diagnostics) : fail(report.error(), diagnostics);
}

int merge_matrix(const Options &options, const Diagnostics &diagnostics) {
  std::vector<matrix::CellId> plan;
  const auto results = collect_for(options, plan);
  if (!results) return fail({kFailure, results.error()}, diagnostics);
  const auto merged = matrix::merge(plan, results->reports, results->errors);
  for (const std::string &stray : merged.strays) diagnostics.warn(stray + " is no cell of the plan; it is left out");
  if (merged.report.hosts.empty())
    return fail({kFailure,
                 {"there is nothing to merge in " + *options.results, "no plan, and no result that can be read",
                  "give the folder that 'parley matrix run --results' wrote to"}},
                diagnostics);
  return deliver(merged.report, options, diagnostics);
}

}  // namespace parley::app
