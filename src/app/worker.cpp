// SPDX-License-Identifier: Apache-2.0
#include "worker.hpp"

#include <unistd.h>

#include "guest_request.hpp"
#include "parley/app/app.hpp"
#include "parley/base/file.hpp"
#include "parley/base/try.hpp"
#include "results.hpp"

namespace parley::app {
namespace {

// A line that is written over and over, on a terminal only.
class Progress {
 public:
  Progress(bool wanted, std::size_t count) : shown_(wanted && ::isatty(STDERR_FILENO) != 0), count_(count) {}
  ~Progress() { say("\r\x1b[K"); }
  void next(const matrix::CellId &cell) {
    say("\r\x1b[Kparley: cell " + std::to_string(++number_) + " of " + std::to_string(count_) + ": " +
        compat::short_name(cell.target));
  }

 private:
  void say(const std::string &text) const {
    if (!shown_) return;
    // Nobody misses a progress line that could not be written.
    [[maybe_unused]] const auto written = write_all(STDERR_FILENO, std::as_bytes(std::span(text)));
  }
  bool shown_;
  std::size_t count_;
  std::size_t number_ = 0;
};

}  // namespace

std::expected<Worker::Prepared, Stopped> Worker::prepare(const std::vector<matrix::CellId> &cells) const {
  for (const matrix::CellId &cell : cells) {
    if ((cell.guest == matrix::Guest::kLinux) != options_.kernel.has_value())
      return std::unexpected(
          Stopped{kUsage,
                  {"the guest of " + matrix::name(cell) + " is another one",
                   "a cell with .linux wants --kernel, others have the built-in guest", "give or leave out --kernel"}});
    if (const auto why = matrix::mismatch(cell.host, host_))
      return std::unexpected(
          Stopped{kNotApplicable,
                  {"this host is not the one of " + matrix::name(cell), *why, "run it on a host of that kind"}});
  }
  auto request = request_of(options_);
  if (!request) return std::unexpected(Stopped{kFailure, request.error()});
  auto watch = watch_level(host_);
  if (!watch) return std::unexpected(Stopped{kFailure, watch.error()});
  return Prepared{{std::move(*request), options_.cell_limit}, std::move(*watch)};
}

// A cell that was tried on a host which is moved meanwhile would be judged by what the host was.
std::expected<matrix::HostReport, Stopped> Worker::try_one(const matrix::CellId &cell, const Prepared &prepared) const {
  auto tried = try_cell(cell, host_, prepared.guest, kernel_);
  if (prepared.level_watch) {
    const auto changed = look_again(*prepared.level_watch, host_);
    if (!changed) return std::unexpected(Stopped{kFailure, changed.error()});
    if (*changed)
      return std::unexpected(
          Stopped{kNotApplicable,
                  {"the host has changed while " + matrix::name(cell) + " was tried (a live migration?)",
                   "its level was known by " + host_.capabilities.level_reason + ", and is by " +
                       (*changed)->capabilities.level_reason,
                   "repeat it: parley inspect shows what the host is now"}});
  }
  return matrix::HostReport{cell.host, host_, options_.notes, {std::move(tried)}};
}

std::expected<matrix::Report, Stopped> Worker::run(const std::vector<matrix::CellId> &cells) const {
  const Prepared prepared = TRY(prepare(cells));
  matrix::Report report;
  Progress progress(options_.log_level != LogLevel::kWarning, cells.size());
  for (const matrix::CellId &cell : cells) {
    progress.next(cell);
    auto host = TRY(try_one(cell, prepared));
    if (report.hosts.empty() || report.hosts.back().id != cell.host) {
      report.hosts.push_back(std::move(host));
    } else {
      report.hosts.back().cells.push_back(std::move(host.cells.front()));
    }
  }
  return report;
}

int Worker::run_into(const std::filesystem::path &folder, const std::vector<matrix::CellId> &cells) const {
  const auto prepared = prepare(cells);
  if (!prepared) return give_up(folder, cells, prepared.error(), diagnostics_);
  int code = kSuccess;
  Progress progress(options_.log_level != LogLevel::kWarning, cells.size());
  for (auto next = cells.begin(); next != cells.end(); ++next) {
    const matrix::CellId &cell = *next;
    progress.next(cell);
    auto tried = try_one(cell, *prepared);
    if (!tried) return give_up(folder, {next, cells.end()}, tried.error(), diagnostics_);
    const auto left = leave_result(folder, cell, {{std::move(*tried)}});
    if (left) continue;
    diagnostics_.failure(left.error());
    code = kFailure;
  }
  return code;
}

int give_up(const std::filesystem::path &folder, const std::vector<matrix::CellId> &cells, const Stopped &why,
            const Diagnostics &diagnostics) {
  diagnostics.failure(why.failure);
  if (why.code == kUsage) return why.code;
  for (const matrix::CellId &cell : cells) {
    const auto left = leave_error(folder, cell, why.failure.what + ": " + why.failure.why + "\n");
    if (!left) diagnostics.failure(left.error());
  }
  return why.code;
}

}  // namespace parley::app
