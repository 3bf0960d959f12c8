// SPDX-License-Identifier: Apache-2.0
//
// The processor levels, and what each of them means.
//
// A *level* is the architecture that a partition is allowed to see, named after the processor
// that introduced it. PAPR gives each level a *logical PVR*, 0x0f followed by a number, which
// stands in a cpu node's "cpu-version" (LoPAR, appendix "PA Processor Binding") and in KVM's
// arch_compat register. The *physical PVR* says what the silicon is; its upper half is the family.
// One machine has one physical PVR and may carry partitions of several levels.
//
// The order of levels is the order of the table below, never that of the logical PVRs: POWER7+
// is 0x0f100003, numerically above everything that came later.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "parley/base/strong.hpp"

namespace parley {

using LogicalPvr = Strong<struct LogicalPvrTag, std::uint32_t>;
using PhysicalPvr = Strong<struct PhysicalPvrTag, std::uint32_t>;
using GuestAddress = Strong<struct GuestAddressTag, std::uint64_t>;
using VcpuId = Strong<struct VcpuIdTag, std::uint32_t>;

/// What a kernel with the arch_compat fix (Linux 7.2, PVR_ARCH_INVALID in asm/reg.h) stores when it
/// was asked for a level above the host's. No level: LoPAR gives every logical PVR the first byte 0x0f.
inline constexpr LogicalPvr kInvalidLogicalPvr{0xffffffff};

/// The value of arch_compat, and of the request, that means: no level set.
inline constexpr LogicalPvr kNoLogicalPvr{0};

/// LoPAR: "The first byte of a logical PVR is 0x0F."
constexpr bool is_logical(std::uint32_t pvr) { return (pvr >> 24) == 0x0f; }

enum class Mmu : std::uint8_t { kHashOnly, kHashOrRadix };

struct LevelInfo {
  std::string_view name;  ///< as AT_PLATFORM spells it ("power10")
  LogicalPvr pvr;         ///< arch/powerpc/include/asm/reg.h, PVR_ARCH_*
  std::string_view isa;   ///< version of the Power ISA
  Mmu mmu;                ///< radix came with ISA 3.0
  std::span<const std::uint16_t>
      families;  ///< upper halves of the physical PVRs (arch/powerpc/kernel/cpu_specs_book3s_64.h)
};

/// One row of the table. Default-constructed it is the lowest level; compare with <, ==.
class Level {
 public:
  static std::span<const Level> all();  ///< lowest first
  static Level highest();

  static std::optional<Level> from_logical(LogicalPvr pvr);
  static std::optional<Level> from_physical(PhysicalPvr pvr);
  /// Case does not matter ("POWER10", "power10").
  static std::optional<Level> from_name(std::string_view name);

  const LevelInfo &info() const;
  std::string_view name() const { return info().name; }
  LogicalPvr pvr() const { return info().pvr; }

  friend constexpr auto operator<=>(Level, Level) = default;

 private:
  std::uint8_t index_ = 0;
};

/// The row with that name, for names known when the program is written.
Level level(std::string_view name);

/// A level newer than this program: 0x0f000008 and up.
bool is_newer_than_known(LogicalPvr pvr);

/// "power10 (0x0f000006)"
std::string describe(Level level);

}  // namespace parley
