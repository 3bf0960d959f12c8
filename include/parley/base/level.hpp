// SPDX-License-Identifier: Apache-2.0
//
// The processor levels.
//
// A *level* is the architecture that a partition may use, named after the processor that introduced it. PAPR gives each
// level a *logical PVR*, 0x0f followed by a number: the value of "cpu-version" in a cpu node (LoPAR, appendix "PA
// Processor Binding") and of KVM's arch_compat register. The *physical PVR* identifies the silicon; its upper half is
// the family. One machine has one physical PVR and can host partitions of several levels.
//
// Levels are ordered as in the table (level.cpp), never by their logical PVRs: POWER7+ is 0x0f100003, numerically above
// all later levels.
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

/// A kernel with the arch_compat fix stores this where the level is above the host's (Linux 7.2, PVR_ARCH_INVALID in
/// asm/reg.h). It is no logical PVR: LoPAR gives all of these the first byte 0x0f.
inline constexpr LogicalPvr kInvalidLogicalPvr{0xffffffff};

/// In arch_compat and in a request: no level is set.
inline constexpr LogicalPvr kNoLogicalPvr{0};

/// LoPAR: "The first byte of a logical PVR is 0x0F."
constexpr bool is_logical(std::uint32_t pvr) { return (pvr >> 24) == 0x0f; }

enum class Mmu : std::uint8_t { kHashOnly, kHashOrRadix };

struct LevelInfo {
  std::string_view name;  ///< as AT_PLATFORM spells it ("power10")
  LogicalPvr pvr;         ///< arch/powerpc/include/asm/reg.h, PVR_ARCH_*
  std::string_view isa;   ///< version of the Power ISA
  Mmu mmu;                ///< radix exists from ISA 3.0 on
  /// Upper halves of the physical PVRs (arch/powerpc/kernel/cpu_specs_book3s_64.h).
  std::span<const std::uint16_t> families;
};

/// One row of the table; the lowest level by default. Compare with < and ==.
class Level {
 public:
  static std::span<const Level> all();  ///< lowest first
  static Level highest();

  static std::optional<Level> from_logical(LogicalPvr pvr);
  static std::optional<Level> from_physical(PhysicalPvr pvr);
  /// In any case ("POWER10", "power10").
  static std::optional<Level> from_name(std::string_view name);

  const LevelInfo &info() const;
  std::string_view name() const { return info().name; }
  LogicalPvr pvr() const { return info().pvr; }

  friend constexpr auto operator<=>(Level, Level) = default;

 private:
  std::uint8_t index_ = 0;
};

/// The row with that name; for names in the source, which must exist.
Level level(std::string_view name);

/// A level newer than this program: 0x0f000008 and up.
bool is_newer_than_known(LogicalPvr pvr);

/// "power10 (0x0f000006)"
std::string describe(Level level);

}  // namespace parley
