// SPDX-License-Identifier: Apache-2.0
//
// The folder with the results of workers. It may be on a shared file system, and any number of workers may write to it:
// each result is a file of its own that appears as a whole.
//
//   CELL.json          a report of that cell; under any other name, a report of any cells
//   CELL.error         why there is no result: the first line is the reason, the others are a log
//   HOST.error         the same for all cells of a host
//   plan               the names of the cells, one a line
//   .…                 a partial file of a worker that died
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "parley/matrix/report.hpp"

namespace parley::executor {

/// The limit for the size of a report, in bytes.
inline constexpr std::size_t kMaxReportSize = std::size_t{64} << 20;

/// The cells without a readable result in the folder.
std::vector<matrix::CellId> without_result(const std::filesystem::path &folder, std::vector<matrix::CellId> cells);

/// Creates the folder if it is missing.
std::expected<void, Failure> write_result(const std::filesystem::path &folder, const matrix::CellId &cell,
                                          const matrix::Report &report);
std::expected<void, Failure> write_error(const std::filesystem::path &folder, const matrix::CellId &cell,
                                         const std::string &text);

struct Results {
  std::vector<matrix::Report> reports;  ///< in the order of their files' names
  matrix::Errors errors;                ///< also for files that cannot be read
};
std::expected<Results, Failure> collect_results(const std::filesystem::path &folder);

/// Reads a plan: one cell a line; empty lines and lines that begin with '#' are skipped.
std::expected<std::vector<matrix::CellId>, Failure> read_plan(const std::filesystem::path &file);

}  // namespace parley::executor
