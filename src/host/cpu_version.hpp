// SPDX-License-Identifier: Apache-2.0
//
// The "cpu-version" of the cpu nodes (LoPAR, appendix "PA Processor Binding"): four bytes, big-endian. A first byte of
// 0x0f marks a logical PVR: the level that the partition was given. Any other value is the physical PVR of a partition
// that runs raw. arch/powerpc/kernel/prom.c:early_init_dt_scan_cpus reads it the same way.
#pragma once

#include <vector>

#include "parley/host/readings.hpp"

namespace parley::host {

CpuVersionReading read_cpu_version(const CpuNode &node);

/// One reading for all nodes with the same answer. A tree without usable cpu nodes gives one reading of no node.
std::vector<CpuVersionReading> read_cpu_versions(const TreeFacts &tree);

}  // namespace parley::host
