// SPDX-License-Identifier: Apache-2.0
#include "app/commands/matrix_output.hpp"

#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "app/commands/output.hpp"
#include "parley/app/app.hpp"
#include "parley/base/file.hpp"
#include "parley/executor/results.hpp"

namespace parley::app {
namespace {

// A regular file is replaced in one step, so that a full disk does not destroy the old report.
std::expected<void, FileError> write_report(const std::string &path, const std::string &text) {
  const auto bytes = std::as_bytes(std::span(text));
  std::error_code error;
  const auto type = std::filesystem::symlink_status(path, error).type();
  const bool regular = type == std::filesystem::file_type::regular || type == std::filesystem::file_type::not_found;
  return regular ? replace_file(path, bytes) : write_file(path, bytes);
}

Failure cannot_write(const std::string &path, int error) {
  return {"cannot write the report to " + path, errno_text(error), "name a writable place on a disk with room"};
}

}  // namespace

int fail(const Stopped &stopped, const Diagnostics &diagnostics) {
  diagnostics.failure(stopped.failure);
  return stopped.code;
}

Stopped stopped_by(const executor::NoResult &why) {
  using Cause = executor::NoResult::Cause;
  const int code = why.cause == Cause::kWrongGuest  ? kUsage
                   : why.cause == Cause::kOtherHost ? kNotApplicable
                                                    : kFailure;
  return {code, why.failure};
}

int deliver_text(const std::string &text, const std::optional<std::string> &out, int code,
                 const Diagnostics &diagnostics) {
  if (!out) return print_result(text, code, diagnostics);
  const auto written = write_report(*out, text);
  return written ? code : fail({kFailure, cannot_write(*out, written.error().error)}, diagnostics);
}

int deliver_report(const matrix::Report &report, const ReportOptions &options,
                   const std::optional<std::string> &earlier, const Diagnostics &diagnostics) {
  std::optional<report::Comparison> since;
  if (earlier) {
    auto compared = report::compare_reports({*options.against, *earlier},
                                            {"this report", report::matrix(report, report::MatrixFormat::kJson)});
    if (!compared) return fail({kFailure, compared.error()}, diagnostics);
    since = std::move(*compared);
  }
  return deliver_text(report::matrix(report, options.format, since), options.out,
                      matrix::as_expected(report) ? kSuccess : kFailure, diagnostics);
}

std::expected<std::optional<std::string>, Failure> read_earlier(const ReportOptions &options) {
  const auto folder = std::filesystem::path(options.out.value_or("")).parent_path();
  if (!folder.empty() && ::access(folder.c_str(), F_OK) != 0) return std::unexpected(cannot_write(*options.out, errno));
  if (!options.against) return std::nullopt;
  auto earlier = read_text(*options.against, executor::kMaxReportSize);
  if (!earlier)
    return std::unexpected(Failure{"cannot read the report " + *options.against, errno_text(earlier.error().error),
                                   "name a report of 'parley matrix --format json' with --against"});
  if (const auto report = report::read_matrix_json(*earlier, *options.against); !report)
    return std::unexpected(report.error());
  return std::move(*earlier);
}

std::expected<executor::WorkerSettings, Stopped> worker_settings(const TrialOptions &options,
                                                                 const Diagnostics &diagnostics) {
  auto request = make_request(options.guest);
  if (!request) return std::unexpected(Stopped{kFailure, request.error()});
  const auto kind = options.guest.kernel ? matrix::Guest::kLinux : matrix::Guest::kBuiltin;
  return executor::WorkerSettings{.guest = {kind, std::move(*request), options.limit},
                                  .notes = options.notes,
                                  .on_cell = {},
                                  .on_failure = [&](const Failure &failure) { diagnostics.failure(failure); }};
}

}  // namespace parley::app
