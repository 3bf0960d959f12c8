// SPDX-License-Identifier: Apache-2.0
//
// Cells put together: those of one host, of many, and those that workers left behind.
//
// A *plan* is a list of cells. Whoever distributes the work (a job array, GNU parallel, a shell's loop) hands each
// worker one cell; a worker leaves its result, or somebody on its behalf leaves word of why there is none. merge() puts
// together what came of it: each planned cell is there once, whatever happened to its worker.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "parley/matrix/cell.hpp"

namespace parley::matrix {

/// The cells of one host.
struct HostReport {
  HostId id;
  std::optional<compat::AssessedHost> host;  ///< none when no result came back
  std::vector<std::string> notes;            ///< what the user has to say about it ("L0: QEMU 10.0.2")
  std::vector<Cell> cells;
};

struct Report {
  std::vector<HostReport> hosts;
};

/// Every level on every host.
std::vector<CellId> plan(std::span<const HostId> hosts, std::span<const compat::Target> levels, Guest guest,
                         bool forced);

/// Why there is no result: by the name of a cell or of a host, its first line the reason, the others a log.
using Errors = std::map<std::string, std::string>;

struct Merged {
  Report report;                       ///< in the order of the plan
  std::vector<std::string> unplanned;  ///< results of no planned cell, which are left out
  Errors unplaced;                     ///< errors that are of no planned cell and no host in the plan
};

/// Of several results of one cell the first one counts. A cell that no worker came to see, as an earlier report may
/// hold them, is no result.
Merged merge(std::span<const CellId> plan, std::span<const Report> results, const Errors &errors);

/// The cells of these results, in their order: the plan of those who have none. merge() takes each of them once.
std::vector<CellId> planned_by(std::span<const Report> results);

/// Nothing is a surprise, an error or lost.
bool as_expected(const Report &report);
bool as_expected(const HostReport &host);
bool as_expected(const Cell &cell);

}  // namespace parley::matrix
