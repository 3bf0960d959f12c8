// SPDX-License-Identifier: Apache-2.0
//
// Planning cells, and merging results.
//
// Workers run on many machines, and any of them may die. merge() therefore starts from the plan and not from the
// results. It looks up each planned cell among the results. Without a result, it looks for an error of the cell, then
// for an error of its host. Without either, the cell is lost. A result beats an error: an error may come from an
// earlier attempt.
//
// Results and errors outside the plan are a mistake of the user, for example results of another plan in the same
// folder. They are listed beside the report, so that the command can warn about them.
#include "parley/matrix/report.hpp"

#include <algorithm>
#include <set>

#include "parley/base/text.hpp"

namespace parley::matrix {
namespace {

// The place of a cell's result.
struct Found {
  const HostReport *host;
  const Cell *cell;
};

std::map<std::string, Found> index(std::span<const Report> results) {
  std::map<std::string, Found> found;
  for (const Report &result : results) {
    for (const HostReport &host : result.hosts) {
      for (const Cell &cell : host.cells) {
        if (cell.observed) found.emplace(name(cell.id), Found{&host, &cell});  // keeps the first one
      }
    }
  }
  return found;
}

Cell without_result(const CellId &id, const Errors &errors) {
  Cell cell;
  cell.id = id;
  auto error = errors.find(name(id));
  if (error == errors.end()) error = errors.find(name(id.host));
  if (error == errors.end()) {
    cell.judgement = {Verdict::kLost, "no result and no error came back", std::nullopt};
    return cell;
  }
  const auto lines = split(error->second, '\n');
  cell.judgement = {Verdict::kError, std::string(lines.empty() ? "the error text is empty" : lines.front()),
                    std::nullopt};
  if (!lines.empty()) cell.log.assign(lines.begin() + 1, lines.end());
  return cell;
}

HostReport &host_in(Report &report, const HostId &id) {
  const auto found = std::ranges::find(report.hosts, id, &HostReport::id);
  if (found != report.hosts.end()) return *found;
  return report.hosts.emplace_back(HostReport{id, std::nullopt, {}, {}});
}

void add_new(std::vector<std::string> &to, const std::string &line) {
  if (std::ranges::find(to, line) == to.end()) to.push_back(line);
}

// Merges the notes, and adds one if the kernels differ: workers may have run cells of one kind of host on different
// machines.
void take_host(HostReport &into, const HostReport &from) {
  for (const std::string &note : from.notes) add_new(into.notes, note);
  if (!from.host) return;
  if (!into.host) into.host = from.host;
  const auto kernel = [](const HostReport &host) { return host.host->facts.system.kernel_release; };
  if (kernel(into) != kernel(from))
    add_new(into.notes,
            "the cells ran on different hosts: some had kernel " + kernel(from) + " instead of " + kernel(into));
}

}  // namespace

std::vector<CellId> plan(std::span<const HostId> hosts, std::span<const compat::Target> levels, Guest guest,
                         bool forced) {
  std::vector<CellId> cells;
  for (const HostId &host : hosts) {
    for (const compat::Target level : levels) cells.push_back({host, level, guest, forced});
  }
  return cells;
}

std::vector<CellId> planned_by(std::span<const Report> results) {
  std::vector<CellId> cells;
  for (const Report &result : results) {
    for (const HostReport &host : result.hosts) {
      for (const Cell &cell : host.cells) cells.push_back(cell.id);
    }
  }
  return cells;
}

Merged merge(std::span<const CellId> plan, std::span<const Report> results, const Errors &errors) {
  Merged merged;
  const auto found = index(results);
  std::set<std::string> placed;
  for (const CellId &id : plan) {
    if (!placed.insert(name(id)).second) continue;
    HostReport &host = host_in(merged.report, id.host);
    const auto result = found.find(name(id));
    if (result == found.end()) {
      host.cells.push_back(without_result(id, errors));
      continue;
    }
    take_host(host, *result->second.host);
    host.cells.push_back(*result->second.cell);
  }
  for (const auto &[id, where] : found) {
    if (!placed.contains(id)) merged.unplanned.push_back(id);
  }
  for (const auto &[id, text] : errors) {
    const auto planned_host = std::ranges::find(plan, id, [](const CellId &cell) { return name(cell.host); });
    if (!placed.contains(id) && planned_host == plan.end()) merged.unplaced.emplace(id, text);
  }
  return merged;
}

bool as_expected(const Cell &cell) {
  const Verdict verdict = cell.judgement.verdict;
  return verdict == Verdict::kWorks || verdict == Verdict::kRefused || verdict == Verdict::kNotApplicable;
}

bool as_expected(const HostReport &host) {
  return std::ranges::all_of(host.cells, [](const Cell &cell) { return as_expected(cell); });
}

bool as_expected(const Report &report) {
  return std::ranges::all_of(report.hosts, [](const HostReport &host) { return as_expected(host); });
}

}  // namespace parley::matrix
