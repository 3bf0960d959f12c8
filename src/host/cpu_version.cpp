// SPDX-License-Identifier: Apache-2.0
#include "cpu_version.hpp"

#include <algorithm>

#include "parley/base/text.hpp"

namespace parley::host {
namespace {

void classify(std::uint32_t pvr, CpuVersionReading &reading) {
  reading.value = hex32(pvr);
  reading.logical = is_logical(pvr);
  reading.newer_than_known = reading.logical && is_newer_than_known(LogicalPvr{pvr});
  if (reading.newer_than_known) {
    reading.level = Level::highest();
  } else {
    reading.level = reading.logical ? Level::from_logical(LogicalPvr{pvr}) : Level::from_physical(PhysicalPvr{pvr});
  }
  reading.answer = reading.level ? Answer::kUsable : Answer::kNotUnderstood;
}

// A machine with 100 cores must not give the same answer 100 times.
void add_to_groups(std::vector<CpuVersionReading> &groups, CpuVersionReading reading) {
  const auto same = std::ranges::find(groups, reading.value, &CpuVersionReading::value);
  if (same != groups.end()) {
    ++same->nodes;
  } else {
    groups.push_back(std::move(reading));
  }
}

CpuVersionReading without_nodes(const TreeFacts &tree) {
  CpuVersionReading reading;
  reading.value = tree.problem.empty() ? "no cpu nodes" : "unreadable";
  reading.answer = tree.problem.empty() ? Answer::kAbsent : Answer::kUnreadable;
  reading.problem = tree.problem;
  return reading;
}

std::string row_text(const CpuVersionReading &reading, bool nodes_differ) {
  std::string says = reading.value;
  if (reading.nodes > 1) says += " (" + std::to_string(reading.nodes) + " nodes)";
  if (nodes_differ) says += ", " + reading.first_node;
  return says;
}

}  // namespace

CpuVersionReading read_cpu_version(const CpuNode &node) {
  CpuVersionReading reading;
  reading.first_node = node.name;
  reading.nodes = 1;
  if (!node.cpu_version) {
    reading.value = "missing";
  } else if (node.cpu_version->size() != sizeof(std::uint32_t)) {
    reading.value = std::to_string(node.cpu_version->size()) + " bytes instead of 4";
    reading.answer = Answer::kMalformed;
  } else {
    classify(load_be<std::uint32_t>(*node.cpu_version), reading);
  }
  return reading;
}

std::vector<CpuVersionReading> read_cpu_versions(const TreeFacts &tree) {
  std::vector<CpuVersionReading> groups;
  if (tree.problem.empty()) {
    for (const CpuNode &node : tree.cpus) add_to_groups(groups, read_cpu_version(node));
  }
  if (groups.empty()) groups.push_back(without_nodes(tree));
  for (CpuVersionReading &reading : groups) {
    reading.name = "cpu-version";
    reading.where = (tree.origin.empty() ? "device tree" : tree.origin) + "/cpus/*/cpu-version";
    reading.says = row_text(reading, groups.size() > 1);
  }
  return groups;
}

}  // namespace parley::host
