// SPDX-License-Identifier: Apache-2.0
//
// Hosts for tests: the trees of devicetree/hosts, and hand-made facts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parley/host/capabilities.hpp"

namespace parley::testing {

/// The path of a blob made from devicetree/: "host-power9", "guest-builtin-raw".
std::string blob_path(const std::string &name);

/// The facts of devicetree/hosts/NAME.dts, and no others.
host::Facts tree_only(const std::string &name);

/// The reference host without its tree: a partition at power10 on Power11 silicon.
host::SystemFacts reference_system();

/// The captured answers of the reference host.
host::Facts captured_host();

/// A cpu node with these bytes as cpu-version.
host::CpuNode cpu_node(std::vector<unsigned> cpu_version, const std::string &name = "PowerPC,POWER10@0");

/// A partition with these cpu nodes, and no other facts.
host::Facts partition(std::vector<host::CpuNode> cpus);

/// The assessed source with that name, which must be there.
const host::Source &source(const host::Capabilities &host, std::string_view name);

}  // namespace parley::testing
