// SPDX-License-Identifier: Apache-2.0
#include "parley/executor/worker.hpp"

#include "parley/base/try.hpp"
#include "parley/executor/results.hpp"

namespace parley::executor {
namespace {

using Cause = NoResult::Cause;

void report(const std::function<void(const Failure &)> &on_failure, const Failure &failure) {
  if (on_failure) on_failure(failure);
}

}  // namespace

std::expected<Worker::Watch, NoResult> Worker::prepare(const std::vector<matrix::CellId> &cells) const {
  for (const matrix::CellId &cell : cells) {
    if (cell.guest != settings_.guest.kind)
      return std::unexpected(
          NoResult{Cause::kWrongGuest,
                   {matrix::name(cell) + " is for another guest",
                    "a cell with .linux needs --kernel, other cells have the built-in guest", "add or omit --kernel"}});
    if (const auto why = matrix::mismatch(cell.host, host_))
      return std::unexpected(NoResult{
          Cause::kOtherHost, {"this is not the host of " + matrix::name(cell), *why, "run it on a host of that kind"}});
  }
  auto watch = session::HostWatch::open(host_);
  if (!watch) return std::unexpected(NoResult{Cause::kFailure, watch.error()});
  return std::move(*watch);
}

std::expected<matrix::HostReport, NoResult> Worker::try_one(const matrix::CellId &cell, Watch &watch) const {
  auto tried = try_cell(cell, host_, settings_.guest, kernel_);
  if (watch) {
    const auto changed = watch->look_again();
    if (!changed) return std::unexpected(NoResult{Cause::kFailure, changed.error()});
    if (*changed)
      return std::unexpected(
          NoResult{Cause::kOtherHost,
                   {"the host has changed while " + matrix::name(cell) + " was tried (a live migration?)",
                    "the evidence for its level was " + host_.capabilities.level_reason + ", and now is " +
                        watch->host().capabilities.level_reason,
                    "repeat it: parley inspect shows the host as it is now"}});
  }
  return matrix::HostReport{cell.host, host_, settings_.notes, {std::move(tried)}};
}

std::expected<matrix::Report, NoResult> Worker::run(const std::vector<matrix::CellId> &cells) const {
  Watch watch = TRY(prepare(cells));
  matrix::Report report;
  std::size_t number = 0;
  for (const matrix::CellId &cell : cells) {
    if (settings_.on_cell) settings_.on_cell(cell, ++number, cells.size());
    auto host = TRY(try_one(cell, watch));
    if (report.hosts.empty() || report.hosts.back().id != cell.host) {
      report.hosts.push_back(std::move(host));
    } else {
      report.hosts.back().cells.push_back(std::move(host.cells.front()));
    }
  }
  return report;
}

std::expected<void, Cause> Worker::run_into(const std::filesystem::path &folder,
                                            const std::vector<matrix::CellId> &cells) const {
  const auto stop = [&](const std::vector<matrix::CellId> &left, const NoResult &why) {
    give_up(folder, left, why, settings_.on_failure);
    return std::unexpected(why.cause);
  };
  auto watch = prepare(cells);
  if (!watch) return stop(cells, watch.error());
  std::expected<void, Cause> result;
  std::size_t number = 0;
  for (auto next = cells.begin(); next != cells.end(); ++next) {
    if (settings_.on_cell) settings_.on_cell(*next, ++number, cells.size());
    auto tried = try_one(*next, *watch);
    if (!tried) return stop({next, cells.end()}, tried.error());
    const auto written = write_result(folder, *next, {{std::move(*tried)}});
    if (written) continue;
    report(settings_.on_failure, written.error());
    result = std::unexpected(Cause::kFailure);
  }
  return result;
}

void give_up(const std::filesystem::path &folder, const std::vector<matrix::CellId> &cells, const NoResult &why,
             const std::function<void(const Failure &)> &on_failure) {
  report(on_failure, why.failure);
  if (why.cause == Cause::kWrongGuest) return;
  for (const matrix::CellId &cell : cells) {
    const auto written = write_error(folder, cell, why.failure.what + ": " + why.failure.why + "\n");
    if (!written) report(on_failure, written.error());
  }
}

}  // namespace parley::executor
