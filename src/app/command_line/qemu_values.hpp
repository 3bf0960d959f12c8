// SPDX-License-Identifier: Apache-2.0
//
// The values of QEMU's options that Parley shares: -M, -cpu, -smp, -m.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/failure.hpp"

namespace parley::app {

struct MachineValue {
  std::optional<std::string> compat;   ///< max-cpu-compat
  std::vector<std::string> no_effect;  ///< settings without a meaning here, as they were written
};
/// -M: "pseries,max-cpu-compat=power10,cap-cfpc=broken"
std::expected<MachineValue, Failure> parse_machine(std::string_view text);

struct SmpValue {
  unsigned processors = 1;  ///< vCPUs: the threads of all cores
  unsigned threads = 1;     ///< of each core: 1, 2, 4 or 8
  friend bool operator==(const SmpValue &, const SmpValue &) = default;
};
/// -smp: "2", "cpus=2", "4,cores=2,threads=2"
std::expected<SmpValue, Failure> parse_smp(std::string_view text);

struct CpuValue {
  std::optional<std::string> compat;  ///< the level that it requests
  std::string remark;                 ///< how the name of a processor was interpreted; may be empty
};
/// -cpu: "host", "host,compat=power9". The name of a processor ("POWER9", as libvirt writes it) requests its level.
std::expected<CpuValue, Failure> parse_cpu(std::string_view text);

struct MemoryValue {
  std::uint64_t size = 0;              ///< bytes
  std::vector<std::string> no_effect;  ///< as they were written
};
/// -m: "256M", "size=2G", "4G,slots=32,maxmem=64G"
std::expected<MemoryValue, Failure> parse_memory(std::string_view text);

}  // namespace parley::app
