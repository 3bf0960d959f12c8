// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "app/commands/matrix_options.hpp"
#include "app/diagnostics.hpp"
#include "app/host_source.hpp"
#include "parley/executor/worker.hpp"

namespace parley::app {

/// Prints a failure, and returns its exit code.
int fail(const Stopped &stopped, const Diagnostics &diagnostics);
Stopped stopped_by(const executor::NoResult &why);

/// Writes to `out`, or to standard output; returns `code`, or kFailure if it could not be written.
int deliver_text(const std::string &text, const std::optional<std::string> &out, int code,
                 const Diagnostics &diagnostics);
/// Writes a report in the form of the options; returns the exit code.
int deliver_report(const matrix::Report &report, const ReportOptions &options,
                   const std::optional<std::string> &earlier, const Diagnostics &diagnostics);
/// Reads the report of --against, and checks the folder of --out: to be called before a long run.
std::expected<std::optional<std::string>, Failure> read_earlier(const ReportOptions &options);

/// The settings of a worker that shows its progress on a terminal.
std::expected<executor::WorkerSettings, Stopped> worker_settings(const TrialOptions &options,
                                                                 const Diagnostics &diagnostics);

}  // namespace parley::app
