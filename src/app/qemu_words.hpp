// SPDX-License-Identifier: Apache-2.0
//
// QEMU's way to say things, so that lines made for QEMU work when they are pasted. What Parley cannot do is refused
// with what to write instead; what means nothing here is named once.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/failure.hpp"

namespace parley::app {

/// A line without what only QEMU has.
struct QemuLine {
  std::vector<std::string> words;      ///< for Parley's own options; QEMU's long ones ("-kernel") have a second dash
  std::vector<std::string> no_effect;  ///< options that mean nothing here, as they were given
};
std::expected<QemuLine, Failure> read_qemu_line(std::span<const char *const> words);

/// What -M asks for.
struct MachineWords {
  std::optional<std::string> compat;   ///< max-cpu-compat
  std::vector<std::string> no_effect;  ///< settings that mean nothing here, as they were given
};

/// "pseries,max-cpu-compat=power10,cap-cfpc=broken"
std::expected<MachineWords, Failure> parse_machine(std::string_view text);
/// "2", "cpus=2", "2,cores=2,threads=1": the number of vCPUs.
std::expected<unsigned, Failure> parse_smp(std::string_view text);

/// What -cpu asks for.
struct CpuWords {
  std::optional<std::string> compat;  ///< the level that it stands for
  std::string remark;                 ///< how a name of silicon was taken; may be empty
};
/// "host", "host,compat=power9"; a level's name ("POWER9", as libvirt writes it) stands for the level.
std::expected<CpuWords, Failure> parse_cpu(std::string_view text);

/// What -m asks for.
struct MemoryWords {
  std::uint64_t size = 0;              ///< bytes
  std::vector<std::string> no_effect;  ///< as they were given
};
/// "256M", "size=2G", "4G,slots=32,maxmem=64G"
std::expected<MemoryWords, Failure> parse_memory(std::string_view text);

}  // namespace parley::app
