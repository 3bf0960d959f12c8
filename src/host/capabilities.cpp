// SPDX-License-Identifier: Apache-2.0
#include "parley/host/capabilities.hpp"

#include <algorithm>
#include <iterator>

#include "cpu_version.hpp"
#include "level_name.hpp"
#include "parley/base/text.hpp"
#include "sources.hpp"

namespace parley::host {
namespace {

bool contains(const std::vector<std::string> &list, std::string_view wanted) {
  return std::ranges::find(list, wanted) != list.end();
}

Platform find_platform(const Facts &facts) {
  if (!facts.system.machine.empty() && !is_power(facts.system)) return Platform::kNotPower;
  if (facts.tree.has_opal || contains(facts.tree.compatible, "ibm,powernv")) return Platform::kPowerNv;
  if (facts.tree.has_rtas) return Platform::kPseries;
  return Platform::kUnknown;
}

// The nested API is not told to user space. KVM_CAP_PPC_NESTED_HV can be had under v1 only, but is 0 there too when the
// module was loaded with nested=0; then the kernel's answer to power8 tells: v1 takes it, v2 never does
// (kvmppc_set_arch_compat, map_pcr_to_cap).
bool takes_power8(const KvmFacts &kvm) {
  return std::ranges::any_of(kvm.trials, [](const LevelTrial &trial) {
    return trial.asked == level("power8").pvr() && trial.outcome == TrialOutcome::kTaken;
  });
}

void find_kind(const Facts &facts, Capabilities &host) {
  const KvmFacts &kvm = facts.kvm;
  if (host.platform == Platform::kNotPower) {
    host.kind_reason = "this is a " + facts.system.machine + " machine";
    return;
  }
  switch (kvm.access) {
    case KvmAccess::kNotAsked:
      host.kvm = KvmKind::kNotAsked;
      host.kind_reason = "the facts come from " + facts.tree.origin + ", KVM was not asked";
      return;
    case KvmAccess::kPr:
      host.kvm = KvmKind::kPr;
      host.kind_reason = "KVM creates PR guests only";
      return;
    case KvmAccess::kHv:
      break;
    default:
      host.kind_reason = kvm.detail;
      return;
  }
  const bool nested_hv = kvm.capability("KVM_CAP_PPC_NESTED_HV") != 0;
  if (host.platform == Platform::kPowerNv) {
    host.kvm = KvmKind::kPowerNvHv;
    host.kind_reason = "KVM creates HV guests, and the machine is no partition";
    return;
  }
  if (nested_hv || takes_power8(kvm)) {
    host.kvm = KvmKind::kNestedV1;
    host.kind_reason =
        nested_hv ? "a partition whose KVM_CAP_PPC_NESTED_HV is 1" : "a partition whose KVM takes power8";
  } else {
    host.kvm = KvmKind::kNestedV2;
    host.kind_reason = "a partition whose KVM_CAP_PPC_NESTED_HV is 0";
    // Without the trial of power8, v1 with nesting switched off in its module looks the same.
    if (kvm.trials.empty()) host.kind_reason += " (or v1 with kvm-hv's nested=0)";
  }
}

// The level by the most trustworthy source that says one; the order is the one of docs/inspect.md.
void find_level(const Facts &facts, const CpuVersions &versions, Capabilities &host) {
  const auto platform = level_in_name(facts.system.platform.value_or(""));
  if (host.platform == Platform::kPowerNv) {
    // Firmware describes features there (ibm,powerpc-cpu-features), and cpu-version is absent or the physical PVR.
    if (host.silicon) {
      host.level = host.silicon;
      host.level_reason = "bare metal: the silicon's own level";
    }
  } else if (versions.level) {
    host.level = versions.level;
    host.compat_mode = versions.logical;
    host.level_reason = (versions.logical ? "cpu-version " : "raw cpu-version ") + versions.says;
  }
  if (!host.level && platform.level) {
    host.level = platform.level;
    host.compat_mode = host.platform != Platform::kPowerNv;
    host.level_reason = "AT_PLATFORM " + *facts.system.platform + ", as the device tree gives no level";
    host.doubts.push_back({"level-from-at-platform", "no usable cpu-version: the level is what AT_PLATFORM says"});
  }
  const auto cpuinfo = level_in_name(facts.system.cpuinfo_cpu.value_or(""));
  if (!host.level && cpuinfo.level) {
    host.level = cpuinfo.level;
    host.compat_mode = true;  // it cannot be told: the careful answer
    host.level_reason = "/proc/cpuinfo, as nothing better gives a level";
    host.doubts.push_back(
        {"level-from-cpuinfo", "neither cpu-version nor AT_PLATFORM gives a level: it is what /proc/cpuinfo says"});
  }
  if (!host.level) {
    host.level_reason = "no source gives a level";
    return;
  }
  if (platform.level && *platform.level < *host.level) {
    host.doubts.push_back({"at-platform-below", "AT_PLATFORM says " + *facts.system.platform + ", " +
                                                    host.level_reason + " gives " + describe(*host.level) +
                                                    ": the lower one counts (a kernel older than the processor?)"});
    host.level = platform.level;
    host.level_reason += ", lowered to AT_PLATFORM " + *facts.system.platform;
  }
}

std::string find_interrupt_controller(const KvmFacts &kvm) {
  if (kvm.access != KvmAccess::kHv) return "unknown";
  std::vector<std::string> known;
  if (kvm.capability("KVM_CAP_PPC_IRQ_XIVE") != 0) known.emplace_back("XIVE in the kernel");
  if (kvm.capability("KVM_CAP_IRQ_XICS") != 0) known.emplace_back("XICS in the kernel");
  return known.empty() ? "none in the kernel" : join(known, ", ");
}

}  // namespace

Capabilities assess(const Facts &facts) {
  Capabilities host;
  host.platform = find_platform(facts);
  host.page_size = facts.system.page_size;
  host.interrupt_controller = find_interrupt_controller(facts.kvm);
  if (!facts.tree.cpus.empty()) host.threads_per_core = facts.tree.cpus.front().threads;
  find_kind(facts, host);
  if (host.platform == Platform::kNotPower) {
    host.level_reason = "not a POWER machine";
    return host;
  }
  const CpuVersions versions = read_cpu_versions(facts.tree);
  // Bare metal has no cpu-version to miss.
  if (host.platform != Platform::kPowerNv) std::ranges::copy(versions.doubts, std::back_inserter(host.doubts));
  // Of the two, a partition is the one that allows a guest less.
  if (host.platform == Platform::kUnknown) {
    host.doubts.push_back({"platform-unknown",
                           "the device tree does not tell a partition from bare metal: it is treated as a partition"});
  }
  host.silicon = find_silicon(facts);
  find_level(facts, versions, host);
  host.sources = list_sources(facts, versions, host);
  std::ranges::move(doubts_between(facts, host), std::back_inserter(host.doubts));
  std::ranges::move(failed_sources(facts, host), std::back_inserter(host.doubts));
  return host;
}

std::string_view name(Platform platform) {
  switch (platform) {
    case Platform::kNotPower:
      return "not POWER";
    case Platform::kPowerNv:
      return "PowerNV";
    case Platform::kPseries:
      return "pseries";
    case Platform::kUnknown:
      break;
  }
  return "unknown platform";
}

std::string describe_kind(const Capabilities &host) {
  const std::string platform(name(host.platform));
  switch (host.kvm) {
    case KvmKind::kNestedV1:
      return platform + ", nested API v1 (H_ENTER_NESTED)";
    case KvmKind::kNestedV2:
      return platform + ", nested API v2 (PAPR H_GUEST_*)";
    case KvmKind::kPowerNvHv:
      return platform + ", KVM-HV";
    case KvmKind::kPr:
      return platform + ", KVM-PR";
    case KvmKind::kNotAsked:
      return platform + ", KVM not asked";
    case KvmKind::kNone:
      break;
  }
  return platform + ", no KVM";
}

}  // namespace parley::host
