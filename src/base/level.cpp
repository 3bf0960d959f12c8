// SPDX-License-Identifier: Apache-2.0
#include "parley/base/level.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "parley/base/text.hpp"

namespace parley {
namespace {

constexpr std::uint16_t kPower6Families[] = {0x003e};
constexpr std::uint16_t kPower7Families[] = {0x003f};
constexpr std::uint16_t kPower7PlusFamilies[] = {0x004a};
constexpr std::uint16_t kPower8Families[] = {0x004b, 0x004c, 0x004d, 0x0066};
constexpr std::uint16_t kPower9Families[] = {0x004e};
constexpr std::uint16_t kPower10Families[] = {0x0080};
constexpr std::uint16_t kPower11Families[] = {0x0082};

constexpr std::array kTable{
    LevelInfo{"power6", LogicalPvr{0x0f000002}, "2.05", Mmu::kHashOnly, kPower6Families},
    LevelInfo{"power7", LogicalPvr{0x0f000003}, "2.06", Mmu::kHashOnly, kPower7Families},
    LevelInfo{"power7+", LogicalPvr{0x0f100003}, "2.06", Mmu::kHashOnly, kPower7PlusFamilies},
    LevelInfo{"power8", LogicalPvr{0x0f000004}, "2.07", Mmu::kHashOnly, kPower8Families},
    LevelInfo{"power9", LogicalPvr{0x0f000005}, "3.0", Mmu::kHashOrRadix, kPower9Families},
    LevelInfo{"power10", LogicalPvr{0x0f000006}, "3.1", Mmu::kHashOrRadix, kPower10Families},
    LevelInfo{"power11", LogicalPvr{0x0f000007}, "3.1", Mmu::kHashOrRadix, kPower11Families},
};

template <typename Matches>
std::optional<Level> find(Matches matches) {
  const auto levels = Level::all();
  const auto found = std::ranges::find_if(levels, std::move(matches));
  if (found == levels.end()) return std::nullopt;
  return *found;
}

}  // namespace

std::span<const Level> Level::all() {
  static constexpr auto levels = [] {
    std::array<Level, kTable.size()> result{};
    for (std::size_t i = 0; i < result.size(); ++i) result[i].index_ = static_cast<std::uint8_t>(i);
    return result;
  }();
  return levels;
}

Level Level::highest() { return all().back(); }

const LevelInfo &Level::info() const { return kTable[index_]; }

std::optional<Level> Level::from_logical(LogicalPvr pvr) {
  return find([&](Level candidate) { return candidate.pvr() == pvr; });
}

std::optional<Level> Level::from_physical(PhysicalPvr pvr) {
  const auto family = static_cast<std::uint16_t>(pvr.value >> 16);
  return find([&](Level candidate) {
    return std::ranges::find(candidate.info().families, family) != candidate.info().families.end();
  });
}

std::optional<Level> Level::from_name(std::string_view name) {
  return find([lower = to_lower(name)](Level candidate) { return candidate.name() == lower; });
}

Level level(std::string_view name) {
  const auto found = Level::from_name(name);
  assert(found && "a level name written in the program");
  return *found;
}

bool is_newer_than_known(LogicalPvr pvr) {
  // The logical PVRs of all levels but POWER7+ are consecutive. A number outside of this sequence is unknown, not
  // newer.
  const bool in_sequence = (pvr.value & 0xffff0000) == 0x0f000000;
  return in_sequence && pvr.value > Level::highest().pvr().value;
}

std::string describe(Level level) { return std::string(level.name()) + " (" + hex32(level.pvr().value) + ")"; }

}  // namespace parley
