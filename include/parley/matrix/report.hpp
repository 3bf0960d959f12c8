// SPDX-License-Identifier: Apache-2.0
//
// Reports: the cells of one host or of many, and the merged results of many workers.
//
// A *plan* is a list of cells. A distributor (a job array, GNU parallel, a shell loop) gives each worker one cell. The
// worker writes a result. If it cannot, the distributor writes an error instead. merge() collects results and errors
// into one report, in which each planned cell appears exactly once, whether its worker finished or not.
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
  std::vector<std::string> notes;            ///< notes of the user ("L0: QEMU 10.0.2")
  std::vector<Cell> cells;
};

struct Report {
  std::vector<HostReport> hosts;
};

/// Every level on every host.
std::vector<CellId> plan(std::span<const HostId> hosts, std::span<const compat::Target> levels, Guest guest,
                         bool forced);

/// Why there is no result, by the name of a cell or of a host. The first line is the reason, the others are a log.
using Errors = std::map<std::string, std::string>;

struct Merged {
  Report report;                       ///< in the order of the plan
  std::vector<std::string> unplanned;  ///< results of cells that are not in the plan; they are left out
  Errors unplaced;                     ///< errors of cells and hosts that are not in the plan
};

/// The first of several results for one cell counts. A cell without an observation, as an earlier report may contain,
/// is not a result.
Merged merge(std::span<const CellId> plan, std::span<const Report> results, const Errors &errors);

/// The cells of these results, in their order: the plan when there is no other. merge() uses each of them once.
std::vector<CellId> planned_by(std::span<const Report> results);

/// True without a surprise, an error or a lost cell.
bool as_expected(const Report &report);
bool as_expected(const HostReport &host);
bool as_expected(const Cell &cell);

}  // namespace parley::matrix
