// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "cpu_version.hpp"
#include "parley/host/capabilities.hpp"

namespace parley::host {

/// The level of the chip, from the sources that see through a compatibility mode.
std::optional<Level> find_silicon(const Facts &facts);

/// One row per source, each compared with the verdict already in `host`.
std::vector<Source> list_sources(const Facts &facts, const CpuVersions &versions, const Capabilities &host);

/// Contradictions between the sources and the verdict.
std::vector<Doubt> doubts_between(const Facts &facts, const Capabilities &host);

/// Sources that could not be asked, or whose answer could not be used, where a live machine has them.
std::vector<Doubt> failed_sources(const Facts &facts, const Capabilities &host);

}  // namespace parley::host
