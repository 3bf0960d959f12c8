// SPDX-License-Identifier: Apache-2.0
//
// The raw answers of all sources about the host, before any judgement. They are plain values. A live machine, a device
// tree, a saved report or a test provides them, and assess() (capabilities.hpp) reads them.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/bytes.hpp"
#include "parley/base/level.hpp"
#include "parley/fdt/tree.hpp"
#include "parley/host/kvm_facts.hpp"

namespace parley::host {

struct CpuNode {
  std::string name;                  ///< "PowerPC,POWER11@0": the silicon's marketing name, never the level
  std::optional<Bytes> cpu_version;  ///< verbatim; four bytes, big-endian, when well-formed
  unsigned threads = 0;              ///< entries of ibm,ppc-interrupt-server#s
  friend bool operator==(const CpuNode &, const CpuNode &) = default;
};

struct TreeFacts {
  std::string origin;   ///< the folder or file it was read from
  std::string problem;  ///< the reason for a failed read; empty after success
  std::string model;
  std::vector<std::string> compatible;
  bool has_rtas = false;
  bool has_opal = false;                            ///< /ibm,opal: bare metal
  std::vector<CpuNode> cpus;                        ///< nodes below /cpus with device_type "cpu"
  std::optional<std::uint32_t> timebase_frequency;  ///< Hz
};

struct SystemFacts {
  std::string machine;                       ///< uname: "ppc64le"
  std::string kernel_release;                ///< uname: "7.2.13+deb14-powerpc64le"
  std::optional<std::string> platform;       ///< AT_PLATFORM
  std::optional<std::string> base_platform;  ///< AT_BASE_PLATFORM
  std::optional<std::uint64_t> hwcap2;       ///< AT_HWCAP2
  std::optional<std::string> cpuinfo_cpu;    ///< the "cpu" line of /proc/cpuinfo
  std::optional<PhysicalPvr> cpuinfo_pvr;    ///< from its "revision" line
  std::uint64_t page_size = 0;               ///< bytes
  std::string cpuinfo_problem = {};          ///< the reason for a failed read of /proc/cpuinfo; empty after success
};

struct Facts {
  TreeFacts tree;
  SystemFacts system;
  KvmFacts kvm;
};

/// True on a POWER host. On other architectures, /dev/kvm, auxv and /proc/cpuinfo mean something else.
bool is_power(const SystemFacts &system);

/// Takes the facts from a device tree. `origin` names its folder or file.
TreeFacts tree_facts(const fdt::Node &root, std::string origin);

/// Reads the device tree of a host from a folder or a blob.
std::expected<TreeFacts, fdt::TreeError> load_tree_facts(const std::filesystem::path &path);
/// As load_tree_facts(), for a path that is known to be a folder.
std::expected<TreeFacts, fdt::TreeError> load_tree_folder(const std::filesystem::path &path);

/// Reads uname, auxv, /proc/cpuinfo and /proc/device-tree of this machine. An unreadable tree is also a fact
/// (`problem`).
Facts read_live_facts();

/// Reads the "cpu" and "revision" lines of /proc/cpuinfo.
void parse_cpuinfo(std::string_view text, SystemFacts &system);

}  // namespace parley::host
