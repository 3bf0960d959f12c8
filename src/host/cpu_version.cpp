// SPDX-License-Identifier: Apache-2.0
#include "cpu_version.hpp"

#include <algorithm>

#include "parley/base/text.hpp"

namespace parley::host {
namespace {

CpuVersion unusable(std::string says, std::string id, const std::string &problem, const CpuNode &node) {
  CpuVersion result;
  result.says = std::move(says);
  result.doubt = Doubt{std::move(id), "cpu node " + node.name + ": " + problem};
  return result;
}

CpuVersion classify(std::uint32_t value, const CpuNode &node) {
  const std::string text = hex32(value);
  if (!is_logical(value)) {
    const auto level = Level::from_physical(PhysicalPvr{value});
    if (!level)
      return unusable(text, "cpu-version-not-a-level",
                      "cpu-version " + text + " is neither a logical PVR nor a physical PVR of a known processor",
                      node);
    return {level, false, text, std::nullopt};
  }
  const LogicalPvr pvr{value};
  if (const auto level = Level::from_logical(pvr)) return {level, true, text, std::nullopt};
  if (is_newer_than_known(pvr)) {
    return {Level::highest(), true, text,
            Doubt{"cpu-version-newer-than-known", "cpu node " + node.name + ": cpu-version " + text +
                                                      " is a level newer than this program knows; it is treated as " +
                                                      describe(Level::highest())}};
  }
  return unusable(text, "cpu-version-not-a-level",
                  "cpu-version " + text + " is a logical PVR of no level that KVM knows", node);
}

// A machine with 100 cores must not say the same thing 100 times.
void add_to_groups(std::vector<CpuVersionGroup> &groups, const CpuVersion &version, const std::string &node) {
  const auto same = std::ranges::find_if(groups, [&](const auto &group) { return group.version.says == version.says; });
  if (same != groups.end()) {
    ++same->nodes;
  } else {
    groups.push_back({version, node, 1});
  }
}

std::string list_answers(const std::vector<CpuVersionGroup> &groups) {
  std::vector<std::string> answers;
  for (const CpuVersionGroup &group : groups) answers.push_back(group.version.says);
  return join(answers, ", ");
}

}  // namespace

CpuVersion read_cpu_version(const CpuNode &node) {
  if (!node.cpu_version) return unusable("missing", "cpu-version-missing", "it has no cpu-version", node);
  const std::size_t size = node.cpu_version->size();
  if (size != sizeof(std::uint32_t)) {
    const std::string says = std::to_string(size) + " bytes instead of 4";
    return unusable(says, "cpu-version-bad-length", "cpu-version has " + says, node);
  }
  return classify(load_be<std::uint32_t>(*node.cpu_version), node);
}

CpuVersions read_cpu_versions(const TreeFacts &tree) {
  CpuVersions all;
  if (!tree.problem.empty()) {
    all.says = "unreadable";
    all.doubts.push_back(
        {"device-tree-unreadable", "the device tree could not be read: " + tree.problem +
                                       "; guests are told a timebase of 512 MHz, that of POWER8 to Power11"});
    return all;
  }
  if (tree.cpus.empty()) {
    all.says = "no cpu nodes";
    all.doubts.push_back({"no-cpu-nodes", "the device tree " + tree.origin + " has no cpu nodes"});
    return all;
  }
  for (const CpuNode &node : tree.cpus) add_to_groups(all.groups, read_cpu_version(node), node.name);
  for (const auto &[version, node, nodes] : all.groups) {
    if (version.doubt) all.doubts.push_back(*version.doubt);
    if (!version.level || (all.level && *all.level < *version.level)) continue;
    // Of two nodes of one level, the one with a logical PVR says more: the partition was given that level.
    all.logical = version.logical || (all.level == version.level && all.logical);
    all.level = version.level;
  }
  all.says = list_answers(all.groups);
  if (all.groups.size() > 1) {
    const std::string taken =
        all.level ? "the lowest usable one, " + describe(*all.level) + ", counts" : "none is usable";
    all.doubts.push_back({"cpu-nodes-disagree", "the cpu nodes disagree on cpu-version (" + all.says + "): " + taken});
  }
  return all;
}

}  // namespace parley::host
