// SPDX-License-Identifier: Apache-2.0
//
// The "cpu-version" of the cpu nodes (LoPAR, appendix "PA Processor Binding"): four bytes, big-endian. A first byte of
// 0x0f makes it a logical PVR, the level that the partition was given; anything else is the physical PVR of a partition
// that runs raw. arch/powerpc/kernel/prom.c:early_init_dt_scan_cpus reads it the same way.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "parley/host/capabilities.hpp"

namespace parley::host {

struct CpuVersion {
  std::optional<Level> level;  ///< absent when the property says nothing usable
  bool logical = false;
  std::string says;            ///< "0x0f000006", "missing", "3 bytes instead of 4"
  std::optional<Doubt> doubt;  ///< why it is unusable, or usable with reserve
};

CpuVersion read_cpu_version(const CpuNode &node);

/// Nodes that give the same answer.
struct CpuVersionGroup {
  CpuVersion version;
  std::string first_node;
  std::size_t nodes = 0;
};

/// All nodes together: the lowest level that any of them gives, and what was wrong on the way.
struct CpuVersions {
  std::optional<Level> level;
  bool logical = false;
  std::string says;  ///< the different answers, or why there is none
  std::vector<CpuVersionGroup> groups;
  std::vector<Doubt> doubts;
};

CpuVersions read_cpu_versions(const TreeFacts &tree);

}  // namespace parley::host
