// SPDX-License-Identifier: Apache-2.0
#include <system_error>

#include "parley/base/failure.hpp"
#include "parley/base/file.hpp"
#include "parley/base/try.hpp"
#include "parley/host/facts.hpp"

namespace parley::host {
namespace {

// The largest trees of big PowerVM partitions are a few MiB.
constexpr std::size_t kMaxBlobSize = 64 * 1024 * 1024;

// Everything that tree_facts() reads.
constexpr std::string_view kNeeded[] = {
    "model",
    "compatible",
    "rtas/",
    "ibm,opal/",
    "cpus/*/device_type",
    "cpus/*/cpu-version",
    "cpus/*/ibm,ppc-interrupt-server#s",
    "cpus/*/timebase-frequency",
};

CpuNode cpu_node(const fdt::Node &node) {
  CpuNode cpu;
  cpu.name = node.name;
  if (const auto *version = node.property("cpu-version")) cpu.cpu_version = version->value;
  if (const auto *servers = node.property("ibm,ppc-interrupt-server#s")) {
    cpu.threads = static_cast<unsigned>(servers->value.size() / sizeof(std::uint32_t));
  }
  return cpu;
}

}  // namespace

TreeFacts tree_facts(const fdt::Node &root, std::string origin) {
  TreeFacts facts;
  facts.origin = std::move(origin);
  facts.model = root.text("model");
  facts.compatible = root.texts("compatible");
  facts.has_rtas = root.child("rtas") != nullptr;
  facts.has_opal = root.child("ibm,opal") != nullptr;
  if (const fdt::Node *cpus = root.child("cpus")) {
    for (const fdt::Node &node : cpus->children) {
      if (node.text("device_type") != "cpu") continue;  // /cpus also contains caches
      facts.cpus.push_back(cpu_node(node));
      const auto *frequency = node.property("timebase-frequency");
      if (frequency != nullptr && frequency->value.size() == sizeof(std::uint32_t)) {
        facts.timebase_frequency = load_be<std::uint32_t>(frequency->value);
      }
    }
  }
  return facts;
}

std::expected<TreeFacts, fdt::TreeError> load_tree_folder(const std::filesystem::path &path) {
  return tree_facts(TRY(fdt::read_directory(path, kNeeded)), path.string());
}

std::expected<TreeFacts, fdt::TreeError> load_tree_facts(const std::filesystem::path &path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return load_tree_folder(path);
  const auto blob = read_file(path, kMaxBlobSize);
  if (!blob) return std::unexpected(fdt::TreeError{path.string(), errno_text(blob.error().error)});
  auto tree = fdt::parse_blob(*blob);
  if (!tree) return std::unexpected(fdt::TreeError{path.string() + ":" + tree.error().where, tree.error().problem});
  return tree_facts(*tree, path.string());
}

}  // namespace parley::host
