// SPDX-License-Identifier: Apache-2.0
//
// A matrix as text.
//
// One host gets a table with a row for each cell and a column for each fact. Many hosts get a grid: a row for each
// host, a column for each level, and one word of the verdict in each field. Both are followed by the full evidence of
// every unexpected cell, and by the number of cells with each verdict. A host that died gives the same evidence for all
// its cells, so equal evidence of consecutive cells is printed once.
//
// Columns of the grid are the part of a cell's name behind ".guest.". Hosts may have different cells, because a merged
// report may come from several plans; a missing cell is a dash.
#include <algorithm>

#include "matrix_forms.hpp"
#include "parley/base/text.hpp"
#include "table.hpp"

namespace parley::report {
namespace {

std::string described(const matrix::Run &run) {
  std::string text(word_for(kRunWords, run.outcome));
  return text + (run.failure.empty() ? "" : " (" + printable(run.failure) + ")");
}

std::string described(const matrix::Seen &seen) { return seen.cpu_version ? hex32(*seen.cpu_version) : "nothing"; }

std::string described(const matrix::Negotiated &negotiated) {
  return (negotiated.level ? "agreed on " + compat::short_name(*negotiated.level) : std::string("failed")) +
         (negotiated.problem.empty() ? "" : ": " + negotiated.problem) + "; the guest's kernel lists " +
         negotiated.guest_list;
}

template <typename T>
std::string or_dash(const std::optional<T> &fact) {
  return fact ? described(*fact) : "-";
}

// All facts of one host's cells.
std::string host_table(const matrix::HostReport &host) {
  std::vector<Row> rows{{"LEVEL", "POLICY", "SET", "KVM_RUN", "GUEST SAW", "VERDICT"}};
  for (const auto &cell : host.cells) {
    const auto observed = cell.observed.value_or(matrix::Observation{});
    const char *policy = !cell.observed ? "-" : observed.policy.legal ? "legal" : "refused";
    rows.push_back({compat::short_name(cell.id.target), policy, observed.set ? describe(*observed.set) : "-",
                    or_dash(observed.run), or_dash(observed.seen),
                    std::string(name(cell.judgement.verdict)) + ": " + printable(cell.judgement.reason)});
  }
  return table(rows);
}

// The part of a cell's name behind ".guest.". It omits ".forced" when all cells are forced.
std::string column_name(const matrix::Cell &cell, bool all_forced) {
  auto id = cell.id;
  if (all_forced) id.forced = false;
  return matrix::name(id).substr((matrix::name(id.host) + ".guest.").size());
}

bool all_forced(const matrix::Report &report) {
  return std::ranges::all_of(report.hosts, [](const matrix::HostReport &host) {
    return std::ranges::all_of(host.cells, [](const matrix::Cell &cell) { return cell.id.forced; });
  });
}

// The verdicts of many hosts, one row each. Hosts may have different cells.
std::string grid(const matrix::Report &report) {
  Row names{"HOST"};
  const bool forced = all_forced(report);
  const auto column = [&](const matrix::Cell &cell) {
    const std::string name = column_name(cell, forced);
    const auto found = std::find(names.begin() + 1, names.end(), name);
    if (found == names.end()) return names.insert(found, name) - names.begin();
    return found - names.begin();
  };
  for (const auto &host : report.hosts) {
    for (const auto &cell : host.cells) column(cell);
  }
  std::vector<Row> rows{names};
  for (const auto &host : report.hosts) {
    Row row(names.size(), "-");
    row[0] = matrix::name(host.id);
    for (const auto &cell : host.cells) {
      const auto word = name(cell.judgement.verdict);
      row[static_cast<std::size_t>(column(cell))] = word.substr(0, word.find(' '));
    }
    rows.push_back(row);
  }
  return table(rows);
}

// The full evidence of each unexpected cell. Cells with the same evidence as the previous one say so.
std::string unexpected(const matrix::Report &report) {
  std::string text;
  std::vector<std::string> printed;
  for (const auto &host : report.hosts) {
    for (const auto &cell : host.cells) {
      if (matrix::as_expected(cell)) continue;
      std::vector<std::string> lines = evidence(cell);
      text += "\n" + matrix::name(cell.id) + (lines == printed ? ": the same" : "\n");
      if (lines == printed) continue;
      for (const std::string &line : lines) text += "  " + printable(line) + "\n";
      printed = std::move(lines);
    }
  }
  return text.empty() ? "" : text + "\n";
}

std::string totals(const matrix::Report &report) {
  std::string text;
  for (const auto &word : kVerdictWords) {
    std::ptrdiff_t count = 0;
    for (const auto &host : report.hosts)
      count += std::ranges::count(host.cells, word.value, [](const auto &cell) { return cell.judgement.verdict; });
    if (count != 0) text += std::to_string(count) + " " + std::string(word.word) + "\n";
  }
  return text;
}

}  // namespace

std::string described_host(const matrix::HostReport &host) {
  if (!host.host) return "nothing is known about it";
  const auto &known = host.host->capabilities;
  return describe_kind(known) + ", level " + (known.level ? std::string(known.level->name()) : "unknown") +
         ", kernel " + printable(host.host->facts.system.kernel_release);
}

std::vector<std::string> evidence(const matrix::Cell &cell) {
  std::vector<std::string> lines;
  if (const auto &observed = cell.observed) {
    lines.push_back(std::string("policy: ") + (observed->policy.legal ? "legal, " : "refused, ") +
                    observed->policy.rule + ": " + observed->policy.evidence);
    if (observed->set) lines.push_back("KVM_SET_ONE_REG arch_compat: " + describe(*observed->set));
    if (observed->negotiated) lines.push_back("negotiation: " + described(*observed->negotiated));
    if (observed->run)
      lines.push_back("KVM_RUN: " + described(*observed->run) +
                      (observed->run->evidence.empty() ? "" : ": " + observed->run->evidence));
    if (observed->seen) lines.push_back("the guest saw cpu-version " + described(*observed->seen));
  }
  if (!cell.expected.empty()) lines.push_back("expected from the kernel: " + cell.expected);
  lines.push_back("verdict: " + std::string(name(cell.judgement.verdict)) + ": " + cell.judgement.reason);
  for (const std::string &line : cell.log) lines.push_back("  | " + line);
  return lines;
}

std::string matrix_text(const matrix::Report &report) {
  if (report.hosts.size() != 1) return grid(report) + unexpected(report) + totals(report);
  const matrix::HostReport &host = report.hosts.front();
  std::string text = "host: " + described_host(host) + "\n";
  for (const std::string &note : host.notes) text += "note: " + printable(note) + "\n";
  return text + host_table(host) + unexpected(report) + totals(report);
}

}  // namespace parley::report
