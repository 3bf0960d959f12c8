// SPDX-License-Identifier: Apache-2.0
//
// The folder where workers leave their results. It may lie on a shared file system, and any number of workers may write
// to it: each result is a file of its own that appears as a whole.
//
//   CELL.json          a report of that cell, or of a host's cells under any name
//   CELL.error         why there is no result, in words: the first line the reason, the others a log
//   HOST.error         the same for all cells of a host
//   plan               the names of the cells, one a line
//   .…                 half-written by somebody who died
#pragma once

#include <filesystem>

#include "parley/matrix/report.hpp"

namespace parley::app {

/// Those of the cells that have no result there which can be read.
std::vector<matrix::CellId> without_result(const std::filesystem::path &folder, std::vector<matrix::CellId> cells);

/// Creates the folder where it is missing.
std::expected<void, Failure> leave_result(const std::filesystem::path &folder, const matrix::CellId &cell,
                                          const matrix::Report &report);
std::expected<void, Failure> leave_error(const std::filesystem::path &folder, const matrix::CellId &cell,
                                         const std::string &text);

struct Results {
  std::vector<matrix::Report> reports;  ///< in the order of their files' names
  matrix::Errors errors;                ///< also for what cannot be read
};
std::expected<Results, Failure> collect_results(const std::filesystem::path &folder);

/// Reads a plan: a cell's name a line; empty lines, and those that begin with '#', are skipped.
std::expected<std::vector<matrix::CellId>, Failure> read_plan(const std::filesystem::path &file);

}  // namespace parley::app
