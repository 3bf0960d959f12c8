// SPDX-License-Identifier: Apache-2.0
//
// The level of a host, from its readings.
//
// On a POWER partition two questions look alike and have different answers: which chip is it, and which level was the
// partition given? Sources of the first kind (PVR registers, AT_BASE_PLATFORM) see through a compatibility mode, so
// they never decide the level; they give `silicon`. Sources of the second kind are ranked: cpu-version comes from the
// hypervisor itself, AT_PLATFORM is the kernel's conclusion from it, /proc/cpuinfo is text derived from both.
//
// AT_PLATFORM has one more say. A kernel older than the processor runs it at a lower level, and a guest can get no more
// than that kernel supports. So AT_PLATFORM may lower the level, and never raises it.
#include "verdict.hpp"

#include "parley/base/text.hpp"

namespace parley::host {
namespace {

// The level of the chip, from the sources that see through a compatibility mode.
std::optional<Level> find_silicon(const Readings &readings) {
  if (readings.vcpu_pvr.level) return readings.vcpu_pvr.level;
  if (readings.cpuinfo_pvr.level) return readings.cpuinfo_pvr.level;
  // A chip newer than all known ones has no known level.
  const Reading &base = readings.at_base_platform;
  if (base.level && !base.newer_than_known) return base.level;
  // A raw cpu-version is the physical PVR.
  for (const CpuVersionReading &raw : readings.cpu_versions) {
    if (raw.level && !raw.logical) return raw.level;
  }
  return std::nullopt;
}

std::vector<Source> compare_all(const Readings &readings, std::optional<Level> level) {
  std::vector<Source> sources;
  for (const CpuVersionReading &reading : readings.cpu_versions)
    sources.push_back({reading, agreement(reading, level)});
  for (const Reading *reading : readings.single_readings()) sources.push_back({*reading, agreement(*reading, level)});
  for (const TrialReading &trial : readings.trials) sources.push_back({trial, agreement(trial, level)});
  return sources;
}

}  // namespace

std::string all_values(const std::vector<CpuVersionReading> &cpu_versions) {
  std::vector<std::string> values;
  for (const CpuVersionReading &reading : cpu_versions) values.push_back(reading.value);
  return join(values, ", ");
}

const CpuVersionReading *lowest(const std::vector<CpuVersionReading> &cpu_versions) {
  const CpuVersionReading *lowest = nullptr;
  for (const CpuVersionReading &reading : cpu_versions) {
    if (!reading.level) continue;
    const bool lower = lowest == nullptr || *reading.level < *lowest->level;
    // Of two nodes with one level, the logical PVR has more information: the partition was given that level.
    const bool same_but_logical = !lower && reading.level == lowest->level && reading.logical;
    if (lower || same_but_logical) lowest = &reading;
  }
  return lowest;
}

ChosenLevel choose_level(const Readings &readings, std::optional<Level> silicon) {
  const bool bare_metal = readings.platform == Platform::kPowerNv;
  if (bare_metal && silicon) return {LevelOrigin::kSilicon, silicon, "bare metal: the silicon's own level", false};
  const auto *cpu_version = bare_metal ? nullptr : lowest(readings.cpu_versions);
  if (cpu_version != nullptr) {
    const std::string kind = cpu_version->logical ? "cpu-version " : "raw cpu-version ";
    return {LevelOrigin::kCpuVersion, cpu_version->level, kind + all_values(readings.cpu_versions),
            cpu_version->logical};
  }
  const Reading &platform = readings.at_platform;
  if (platform.level)
    return {LevelOrigin::kAtPlatform, platform.level,
            "AT_PLATFORM " + platform.says + ", because the device tree gives no level", !bare_metal};
  // /proc/cpuinfo does not show whether the level comes from a compatibility mode. Assuming one is the safe choice.
  if (readings.cpuinfo_cpu.level)
    return {LevelOrigin::kCpuinfo, readings.cpuinfo_cpu.level, "/proc/cpuinfo, because no better source gives a level",
            true};
  return {LevelOrigin::kNone, std::nullopt, "no source gives a level", false};
}

Agreement agreement(const Reading &reading, std::optional<Level> level) {
  if (!reading.level || !level) return Agreement::kSilent;
  bool agrees = *reading.level == *level;
  if (reading.trust == Trust::kSiliconOnly) agrees = *reading.level >= *level;
  if (reading.trust == Trust::kHint) agrees = reading.level->info().isa == level->info().isa;
  return agrees ? Agreement::kAgrees : Agreement::kDisagrees;
}

// A hypervisor may refuse levels below the host's (the nested floor, a capability that it does not grant).
Agreement agreement(const TrialReading &trial, std::optional<Level> level) {
  if (!trial.level || !level || trial.answer != Answer::kUsable) return Agreement::kSilent;
  const bool agrees = trial.taken ? *trial.level <= *level : *trial.level != *level;
  return agrees ? Agreement::kAgrees : Agreement::kDisagrees;
}

LevelVerdict judge_level(const Readings &readings) {
  LevelVerdict verdict;
  verdict.silicon = find_silicon(readings);
  const ChosenLevel chosen = choose_level(readings, verdict.silicon);
  verdict.level = chosen.level;
  verdict.level_reason = chosen.reason;
  verdict.compat_mode = chosen.compat_mode;
  const Reading &platform = readings.at_platform;
  if (chosen.level && platform.level && *platform.level < *chosen.level) {
    verdict.level = platform.level;
    verdict.level_reason += ", lowered to AT_PLATFORM " + platform.says;
  }
  verdict.sources = compare_all(readings, verdict.level);
  verdict.doubts = find_doubts(readings, chosen, verdict);
  return verdict;
}

}  // namespace parley::host
