// SPDX-License-Identifier: Apache-2.0
//
// QEMU's way to say things, so that lines made for QEMU work when they are pasted.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/failure.hpp"

namespace parley::app {

/// QEMU's long options have one dash ("-kernel"): those that Parley knows get a second one.
std::vector<std::string> with_double_dashes(int argc, const char *const *argv);

/// What -M asks for.
struct MachineWords {
  std::optional<std::string> compat;   ///< max-cpu-compat
  std::vector<std::string> no_effect;  ///< settings that mean nothing here, as they were given
};

/// "pseries,max-cpu-compat=power10,cap-cfpc=broken"
std::expected<MachineWords, Failure> parse_machine(std::string_view text);
/// "2", "cpus=2", "2,cores=2,threads=1": the number of vCPUs.
std::expected<unsigned, Failure> parse_smp(std::string_view text);
/// "host"; other names are of silicon, which no guest can choose.
std::expected<void, Failure> parse_cpu(std::string_view text);

}  // namespace parley::app
