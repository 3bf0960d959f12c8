// SPDX-License-Identifier: Apache-2.0
//
// From readings to the level. choose_level() takes the level from the most trustworthy reading that names one, in the
// order of docs/inspect.md. judge_level() then lowers it to AT_PLATFORM if that is lower, compares every reading with
// the result, and lists the doubts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "parley/host/capabilities.hpp"

namespace parley::host {

enum class LevelOrigin : std::uint8_t { kNone, kSilicon, kCpuVersion, kAtPlatform, kCpuinfo };

/// The first choice, before AT_PLATFORM may lower it.
struct ChosenLevel {
  LevelOrigin origin = LevelOrigin::kNone;
  std::optional<Level> level = {};
  std::string reason;
  bool compat_mode = false;
};

ChosenLevel choose_level(const Readings &readings, std::optional<Level> silicon);

/// The different cpu-versions, as one text.
std::string all_values(const std::vector<CpuVersionReading> &cpu_versions);
/// The cpu-version with the lowest level; none when none is usable.
const CpuVersionReading *lowest(const std::vector<CpuVersionReading> &cpu_versions);

Agreement agreement(const Reading &reading, std::optional<Level> level);
Agreement agreement(const TrialReading &trial, std::optional<Level> level);

LevelVerdict judge_level(const Readings &readings);

/// All doubts about the verdict on these readings.
std::vector<Doubt> find_doubts(const Readings &readings, const ChosenLevel &chosen, const LevelVerdict &verdict);

}  // namespace parley::host
