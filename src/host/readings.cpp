// SPDX-License-Identifier: Apache-2.0
#include "parley/host/readings.hpp"

#include <algorithm>

#include "cpu_version.hpp"
#include "kvm_readings.hpp"
#include "level_name.hpp"
#include "parley/base/text.hpp"

namespace parley::host {
namespace {

// arch/powerpc/include/uapi/asm/cputable.h
constexpr std::uint64_t kHwcap2Arch207 = 0x80000000;
constexpr std::uint64_t kHwcap2Arch300 = 0x00800000;
constexpr std::uint64_t kHwcap2Arch31 = 0x00040000;

Platform find_platform(const Facts &facts) {
  const auto &compatible = facts.tree.compatible;
  if (!facts.system.machine.empty() && !is_power(facts.system)) return Platform::kNotPower;
  if (facts.tree.has_opal || std::ranges::find(compatible, "ibm,powernv") != compatible.end())
    return Platform::kPowerNv;
  return facts.tree.has_rtas ? Platform::kPseries : Platform::kUnknown;
}

Answer timebase_answer(const TreeFacts &tree) {
  if (!tree.problem.empty()) return Answer::kUnreadable;
  return tree.timebase_frequency ? Answer::kUsable : Answer::kAbsent;
}

// The lowest level that has the whole ISA that HWCAP2 announces. power10 and power11 look the same here.
std::optional<Level> level_in_hwcap2(std::uint64_t bits) {
  if (bits & kHwcap2Arch31) return level("power10");
  if (bits & kHwcap2Arch300) return level("power9");
  if (bits & kHwcap2Arch207) return level("power8");
  return std::nullopt;
}

Reading read_hwcap2(const std::optional<std::uint64_t> &bits) {
  Reading reading{.name = "AT_HWCAP2", .where = "auxv 26", .trust = Trust::kHint};
  if (!bits) return reading;
  reading.answer = Answer::kUsable;  // even without a level: a POWER7 sets none of these bits
  reading.says = hex64(*bits);
  reading.level = level_in_hwcap2(*bits);
  if (reading.level) reading.says += ", ISA " + std::string(reading.level->info().isa);
  return reading;
}

// `blank` is the source without its answer.
Reading read_name(Reading blank, const std::optional<std::string> &text) {
  if (!text) return blank;
  const NamedLevel found = level_in_name(*text);
  blank.says = *text;
  blank.level = found.level;
  blank.newer_than_known = found.newer;
  blank.answer = found.level ? Answer::kUsable : Answer::kNotUnderstood;
  return blank;
}

Reading read_pvr(Reading blank, const std::optional<PhysicalPvr> &pvr) {
  if (!pvr) return blank;
  blank.says = hex32(pvr->value);
  blank.level = Level::from_physical(*pvr);
  blank.answer = blank.level ? Answer::kUsable : Answer::kNotUnderstood;
  return blank;
}

void read_auxv(const SystemFacts &system, Readings &readings) {
  readings.at_platform =
      read_name({.name = "AT_PLATFORM", .where = "auxv 15", .trust = Trust::kCorroborating}, system.platform);
  readings.at_base_platform =
      read_name({.name = "AT_BASE_PLATFORM", .where = "auxv 24", .trust = Trust::kSiliconOnly}, system.base_platform);
  readings.at_hwcap2 = read_hwcap2(system.hwcap2);
}

void read_cpuinfo(const SystemFacts &system, Readings &readings) {
  Reading blank{.name = "cpuinfo cpu", .where = "/proc/cpuinfo", .trust = Trust::kCorroborating};
  blank.answer = system.cpuinfo_problem.empty() ? Answer::kAbsent : Answer::kUnreadable;
  blank.problem = system.cpuinfo_problem;
  readings.cpuinfo_cpu = read_name(blank, system.cpuinfo_cpu);
  blank.name = "cpuinfo pvr";
  blank.trust = Trust::kSiliconOnly;
  readings.cpuinfo_pvr = read_pvr(blank, system.cpuinfo_pvr);
}

void read_kvm(const KvmFacts &kvm, Readings &readings) {
  readings.vcpu_pvr =
      read_pvr({.name = "KVM vCPU pvr", .where = "KVM_GET_SREGS", .trust = Trust::kSiliconOnly}, kvm.pvr);
  readings.kvm_capabilities = read_kvm_capabilities(kvm);
  readings.compat_caps = read_compat_caps(kvm);
  readings.trials = read_trials(kvm);
}

}  // namespace

Readings read(const Facts &facts) {
  Readings readings;
  readings.platform = find_platform(facts);
  readings.live = !facts.system.machine.empty();
  readings.tree_origin = facts.tree.origin;
  readings.timebase = timebase_answer(facts.tree);
  readings.cpu_versions = read_cpu_versions(facts.tree);
  // Firmware describes features on bare metal (ibm,powerpc-cpu-features); cpu-version is absent or the physical PVR.
  for (CpuVersionReading &reading : readings.cpu_versions)
    reading.trust = readings.platform == Platform::kPowerNv ? Trust::kSiliconOnly : Trust::kAuthoritative;
  read_auxv(facts.system, readings);
  read_cpuinfo(facts.system, readings);
  read_kvm(facts.kvm, readings);
  return readings;
}

}  // namespace parley::host
