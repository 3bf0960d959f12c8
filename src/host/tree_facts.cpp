// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <span>
#include <system_error>

#include "parley/base/failure.hpp"
#include "parley/base/file.hpp"
#include "parley/base/try.hpp"
#include "parley/host/facts.hpp"

namespace parley::host {
namespace {

// The largest trees of big PowerVM partitions are a few MiB.
constexpr std::size_t kMaxBlobSize = 64 * 1024 * 1024;

constexpr const char *kModel = "model";
constexpr const char *kCompatible = "compatible";
constexpr const char *kVersion = "cpu-version";
constexpr const char *kServers = "ibm,ppc-interrupt-server#s";
constexpr const char *kFrequency = "timebase-frequency";
constexpr const char *kType = "device_type";
constexpr std::array<std::string_view, 2> kRootProperties{kModel, kCompatible};
constexpr std::array<std::string_view, 4> kCpuProperties{kVersion, kServers, kFrequency, kType};

bool is_in(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

CpuNode cpu_node(const fdt::Node &node) {
  CpuNode cpu;
  cpu.name = node.name;
  if (const auto *version = node.property(kVersion)) cpu.cpu_version = version->value;
  if (const auto *servers = node.property(kServers)) {
    cpu.threads = static_cast<unsigned>(servers->value.size() / sizeof(std::uint32_t));
  }
  return cpu;
}

}  // namespace

bool tree_facts_need(std::string_view path, fdt::EntryKind kind) {
  const auto depth = std::ranges::count(path, '/');
  const bool below_cpus = path.starts_with("/cpus/");
  if (kind == fdt::EntryKind::kNode) return path == "/cpus" || (below_cpus && depth == 2);
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (depth == 1) return is_in(kRootProperties, name);
  return below_cpus && depth == 3 && is_in(kCpuProperties, name);
}

TreeFacts tree_facts(const fdt::Node &root, std::string origin) {
  TreeFacts facts;
  facts.origin = std::move(origin);
  facts.model = root.text(kModel);
  facts.compatible = root.texts(kCompatible);
  facts.has_rtas = root.child("rtas") != nullptr;
  facts.has_opal = root.child("ibm,opal") != nullptr;
  if (const fdt::Node *cpus = root.child("cpus")) {
    for (const fdt::Node &node : cpus->children) {
      if (node.text(kType) != "cpu") continue;  // caches live here too
      facts.cpus.push_back(cpu_node(node));
      const auto *frequency = node.property(kFrequency);
      if (frequency != nullptr && frequency->value.size() == sizeof(std::uint32_t)) {
        facts.timebase_frequency = load_be<std::uint32_t>(frequency->value);
      }
    }
  }
  return facts;
}

std::expected<TreeFacts, fdt::TreeError> load_tree_facts(const std::filesystem::path &path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return tree_facts(TRY(fdt::read_directory(path, tree_facts_need)), path.string());
  }
  const auto blob = read_file(path, kMaxBlobSize);
  if (!blob) return std::unexpected(fdt::TreeError{path.string(), errno_text(blob.error().error)});
  auto tree = fdt::parse_blob(*blob);
  if (!tree) return std::unexpected(fdt::TreeError{path.string() + ":" + tree.error().where, tree.error().problem});
  return tree_facts(*tree, path.string());
}

}  // namespace parley::host
