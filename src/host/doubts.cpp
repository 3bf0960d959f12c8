// SPDX-License-Identifier: Apache-2.0
//
// Every reason to doubt the verdict, as a sentence with a stable id (docs/inspect.md lists them).
//
// A source can disappoint in four ways: it is absent, it cannot be read, its answer is not understood, or its answer
// contradicts the level. Each way gives one doubt, so that no failure passes silently. A doubt changes nothing: the
// verdict is already made. `parley inspect` lists the doubts, `check` and `run` print them as warnings.
//
// Not every host has every source. A device tree of a partition must have cpu-versions. A live Linux has the auxiliary
// vector and /proc/cpuinfo, while a device tree from a file has neither. KVM's calls may be missing in older kernels.
#include <algorithm>
#include <iterator>

#include "parley/base/text.hpp"
#include "verdict.hpp"

namespace parley::host {
namespace {

using Doubts = std::vector<Doubt>;

std::string newer_than_known(const std::string &what) {
  return what + " is newer than all levels that this program knows; it is treated as " + describe(Level::highest());
}

void about_cpu_version(const CpuVersionReading &reading, Doubts &doubts) {
  const std::string node = "cpu node " + reading.first_node;
  const std::string cpu_version = node + ": cpu-version " + reading.value;
  if (reading.answer == Answer::kAbsent) doubts.push_back({"cpu-version-missing", node + " has no cpu-version"});
  if (reading.answer == Answer::kMalformed)
    doubts.push_back({"cpu-version-bad-length", node + ": cpu-version has " + reading.value});
  if (reading.answer == Answer::kNotUnderstood)
    doubts.push_back({"cpu-version-not-a-level",
                      cpu_version + (reading.logical ? " is a logical PVR, but KVM knows no such level"
                                                     : " is neither a logical PVR nor a known physical PVR")});
  if (reading.newer_than_known) doubts.push_back({"cpu-version-newer-than-known", newer_than_known(cpu_version)});
}

void about_tree(const Readings &readings, Doubts &doubts) {
  const auto &cpu_versions = readings.cpu_versions;
  if (const auto &first = cpu_versions.front(); first.answer == Answer::kUnreadable) {
    doubts.push_back(
        {"device-tree-unreadable", "the device tree could not be read: " + first.problem +
                                       "; guests get a timebase of 512 MHz, the value of POWER8 to Power11"});
    return;
  } else if (first.nodes == 0) {
    doubts.push_back({"no-cpu-nodes", "the device tree " + readings.tree_origin + " has no cpu nodes"});
    return;
  }
  for (const CpuVersionReading &reading : cpu_versions) about_cpu_version(reading, doubts);
  if (cpu_versions.size() == 1) return;
  const CpuVersionReading *lowest_usable = lowest(cpu_versions);
  const std::string taken = lowest_usable != nullptr
                                ? "the lowest usable level, " + describe(*lowest_usable->level) + ", is used"
                                : "none is usable";
  doubts.push_back(
      {"cpu-nodes-disagree", "the cpu nodes disagree on cpu-version (" + all_values(cpu_versions) + "): " + taken});
}

void about_choice(const Readings &readings, const ChosenLevel &chosen, const LevelVerdict &verdict, Doubts &doubts) {
  if (chosen.origin == LevelOrigin::kAtPlatform)
    doubts.push_back({"level-from-at-platform", "no usable cpu-version: the level is taken from AT_PLATFORM"});
  if (chosen.origin == LevelOrigin::kCpuinfo)
    doubts.push_back(
        {"level-from-cpuinfo", "neither cpu-version nor AT_PLATFORM gives a level: it is taken from /proc/cpuinfo"});
  if (verdict.level != chosen.level)
    doubts.push_back(
        {"at-platform-below", "AT_PLATFORM says " + readings.at_platform.says + ", " + chosen.reason + " gives " +
                                  describe(*chosen.level) +
                                  ": the lower level is used (the kernel may be older than the processor)"});
  if (verdict.silicon && *verdict.silicon < *verdict.level)
    doubts.push_back({"silicon-below-level", "the silicon is " + std::string(verdict.silicon->name()) +
                                                 ", yet the level is " + describe(*verdict.level)});
  if (readings.at_platform.newer_than_known)
    doubts.push_back({"at-platform-newer-than-known", newer_than_known("AT_PLATFORM " + readings.at_platform.says)});
}

std::string contradiction(const Reading &reading, Level level) {
  return reading.name + " (" + reading.says + ") contradicts the host's level " + describe(level);
}

void about_contradictions(const Readings &readings, Level level, Doubts &doubts) {
  for (const Reading *reading : readings.single_readings()) {
    if (reading->trust == Trust::kSiliconOnly || agreement(*reading, level) != Agreement::kDisagrees) continue;
    doubts.push_back({"source-disagrees", contradiction(*reading, level)});
  }
  for (const TrialReading &trial : readings.trials) {
    if (agreement(trial, level) != Agreement::kDisagrees) continue;
    // A kernel without the check accepts a higher level only within one ISA (kvmppc_set_arch_compat compares ISA bits).
    const bool missed = *trial.level > level && trial.level->info().isa == level.info().isa;
    const std::string cause = missed ? ": the kernel lacks the arch_compat check (before Linux 7.2)" : "";
    doubts.push_back({"kvm-trial-disagrees", contradiction(trial, level) + cause});
  }
}

void about_kvm(const Readings &readings, Doubts &doubts) {
  if (readings.compat_caps.answer == Answer::kUnreadable)
    doubts.push_back(
        {"compat-caps-unreadable",
         "KVM_PPC_GET_COMPAT_CAPS failed with " + readings.compat_caps.problem +
             ", although the kernel announces the call: the levels that the hypervisor grants are unknown"});
  for (const TrialReading &trial : readings.trials) {
    if (trial.answer != Answer::kUnreadable) continue;
    const std::string asked = trial.level ? describe(*trial.level) : hex32(trial.asked.value);
    doubts.push_back({"kvm-trial-failed",
                      "KVM neither accepted nor refused " + asked + ": KVM_SET_ONE_REG arch_compat " + trial.problem});
  }
}

// Every Linux on POWER has these sources. A device tree alone has none of them.
void about_missing_sources(const Readings &readings, Doubts &doubts) {
  if (const std::string &problem = readings.cpuinfo_cpu.problem; !problem.empty())
    doubts.push_back({"cpuinfo-unreadable", "/proc/cpuinfo could not be read: " + problem});
  for (const Reading *reading : {&readings.at_platform, &readings.at_base_platform, &readings.at_hwcap2,
                                 &readings.cpuinfo_cpu, &readings.cpuinfo_pvr, &readings.vcpu_pvr}) {
    const bool may_be_absent = reading == &readings.vcpu_pvr;
    if (reading->answer == Answer::kAbsent && !may_be_absent)
      doubts.push_back({"source-silent", reading->name + " (" + reading->where +
                                             ") gives no answer: it can neither confirm nor contradict the level"});
    if (reading->answer == Answer::kNotUnderstood)
      doubts.push_back({"source-not-understood",
                        reading->name + " (" + reading->says + ") names no processor that this program knows"});
  }
  if (readings.timebase == Answer::kAbsent)
    doubts.push_back({"timebase-unknown",
                      "the device tree has no timebase-frequency: guests get 512 MHz, the value of POWER8 to Power11"});
}

}  // namespace

std::vector<Doubt> find_doubts(const Readings &readings, const ChosenLevel &chosen, const LevelVerdict &verdict) {
  Doubts doubts;
  // Bare metal needs no cpu-version.
  if (readings.platform != Platform::kPowerNv) about_tree(readings, doubts);
  // A partition allows a guest less than bare metal does.
  if (readings.platform == Platform::kUnknown)
    doubts.push_back({"platform-unknown",
                      "the device tree shows neither a partition nor bare metal: the host is treated as a partition"});
  if (verdict.level) {
    about_choice(readings, chosen, verdict, doubts);
    about_contradictions(readings, *verdict.level, doubts);
  }
  about_kvm(readings, doubts);
  if (readings.live) about_missing_sources(readings, doubts);
  return doubts;
}

}  // namespace parley::host
