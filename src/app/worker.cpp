// SPDX-License-Identifier: Apache-2.0
#include "worker.hpp"

#include <unistd.h>

#include "guest_request.hpp"
#include "parley/app/app.hpp"
#include "parley/base/file.hpp"
#include "parley/base/try.hpp"
#include "results.hpp"
#include "trial.hpp"

namespace parley::app {
namespace {

// A line that is written over and over, on a terminal only.
class Progress {
 public:
  explicit Progress(bool wanted) : shown_(wanted && ::isatty(STDERR_FILENO) != 0) {}
  ~Progress() { say("\r\x1b[K"); }
  void cell(std::size_t number, std::size_t count, compat::Target target) const {
    say("\r\x1b[Kparley: cell " + std::to_string(number) + " of " + std::to_string(count) + ": " +
        compat::short_name(target));
  }

 private:
  void say(const std::string &text) const {
    if (!shown_) return;
    // Nobody misses a progress line that could not be written.
    [[maybe_unused]] const auto written = write_all(STDERR_FILENO, std::as_bytes(std::span(text)));
  }
  bool shown_;
};

}  // namespace

std::expected<void, Stopped> Worker::check(const matrix::CellId &cell) const {
  if (const auto why = matrix::mismatch(cell.host, host_))
    return std::unexpected(Stopped{kNotApplicable, Failure{"this host is not the one of " + matrix::name(cell), *why,
                                                           "run it on a host of that kind"}});
  if ((cell.guest == matrix::Guest::kLinux) != options_.kernel.has_value())
    return std::unexpected(Stopped{kUsage, Failure{"the guest of " + matrix::name(cell) + " is another one",
                                                   "a cell with .linux wants --kernel, others have the built-in guest",
                                                   "give or leave out --kernel"}});
  return {};
}

std::expected<matrix::Report, Stopped> Worker::run(const std::vector<matrix::CellId> &cells) const {
  for (const matrix::CellId &cell : cells) TRY(check(cell));
  auto request = request_of(options_);
  if (!request) return std::unexpected(Stopped{kFailure, request.error()});
  const TrialGuest guest{std::move(*request), options_.cell_limit};
  matrix::Report report;
  const Progress progress(options_.log_level != LogLevel::kWarning);
  std::size_t number = 0;
  for (const matrix::CellId &cell : cells) {
    progress.cell(++number, cells.size(), cell.target);
    if (report.hosts.empty() || report.hosts.back().id != cell.host)
      report.hosts.push_back({cell.host, host_, options_.notes, {}});
    report.hosts.back().cells.push_back(try_cell(cell, host_, guest, kernel_));
  }
  return report;
}

int Worker::run_into(const std::filesystem::path &folder, const std::vector<matrix::CellId> &cells) const {
  int code = kSuccess;
  for (const matrix::CellId &cell : cells) {
    if (has_result(folder, cell)) {
      diagnostics_.info(matrix::name(cell) + " has a result already");
      continue;
    }
    const auto report = run({cell});
    if (!report) {
      code = give_up(folder, {cell}, report.error(), diagnostics_);
    } else if (const auto left = leave_result(folder, cell, *report); !left) {
      diagnostics_.failure(left.error());
      code = kFailure;
    }
  }
  return code;
}

int give_up(const std::filesystem::path &folder, const std::vector<matrix::CellId> &cells, const Stopped &why,
            const Diagnostics &diagnostics) {
  diagnostics.failure(why.failure);
  for (const matrix::CellId &cell : cells) {
    const auto left = leave_error(folder, cell, why.failure.what + ": " + why.failure.why + "\n");
    if (!left) diagnostics.failure(left.error());
  }
  return why.code;
}

}  // namespace parley::app
