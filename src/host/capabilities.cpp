// SPDX-License-Identifier: Apache-2.0
//
// assess(): the whole of a host, put together.
//
// The level comes from the readings (verdict.hpp). This file adds the kind of KVM, which decides how levels are set and
// which of them exist: bare-metal HV, nested HV under one of two APIs, PR, or none. Under nested API v1
// (H_ENTER_NESTED) the L1 kernel keeps the guest's state and passes it to L0 with each entry. Under v2 (PAPR,
// H_GUEST_*) the L0 hypervisor keeps the state, and checks the guest's level.
#include "parley/host/capabilities.hpp"

#include <algorithm>

#include "parley/base/text.hpp"
#include "verdict.hpp"

namespace parley::host {
namespace {

struct Kind {
  KvmKind kvm = KvmKind::kNone;
  std::string reason;
};

// Only nested API v1 accepts power8: kvmppc_set_arch_compat, map_pcr_to_cap.
bool takes_power8(const std::vector<TrialReading> &trials) {
  return std::ranges::any_of(
      trials, [](const TrialReading &trial) { return trial.asked == level("power8").pvr() && trial.taken; });
}

// KVM does not report the nested API to user space. KVM_CAP_PPC_NESTED_HV is 1 under v1 only, but it is 0 under v1 too
// when the module was loaded with nested=0. The trial of power8 distinguishes that case from v2.
Kind nested_kind(const KvmFacts &kvm, const Readings &readings) {
  if (kvm.capability("KVM_CAP_PPC_NESTED_HV") != 0)
    return {KvmKind::kNestedV1, "a partition whose KVM_CAP_PPC_NESTED_HV is 1"};
  if (takes_power8(readings.trials)) return {KvmKind::kNestedV1, "a partition whose KVM accepts power8"};
  const std::string reason = "a partition whose KVM_CAP_PPC_NESTED_HV is 0";
  return {KvmKind::kNestedV2, readings.trials.empty() ? reason + " (or v1 with kvm-hv's nested=0)" : reason};
}

Kind find_kind(const Facts &facts, const Readings &readings) {
  if (readings.platform == Platform::kNotPower)
    return {KvmKind::kNone, "this is a " + facts.system.machine + " machine"};
  switch (facts.kvm.access) {
    case KvmAccess::kNotAsked:
      return {KvmKind::kNotAsked, "the facts come from " + facts.tree.origin + ", KVM was not asked"};
    case KvmAccess::kPr:
      return {KvmKind::kPr, "KVM creates PR guests only"};
    case KvmAccess::kHv:
      break;
    default:
      return {KvmKind::kNone, facts.kvm.detail};
  }
  if (readings.platform == Platform::kPowerNv)
    return {KvmKind::kPowerNvHv, "KVM creates HV guests, and the machine is not a partition"};
  return nested_kind(facts.kvm, readings);
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
  const Readings readings = read(facts);
  Capabilities host;
  host.platform = readings.platform;
  host.page_size = facts.system.page_size;
  host.interrupt_controller = find_interrupt_controller(facts.kvm);
  if (!facts.tree.cpus.empty()) host.threads_per_core = facts.tree.cpus.front().threads;
  const auto [kvm, reason] = find_kind(facts, readings);
  host.kvm = kvm;
  host.kind_reason = reason;
  if (host.platform == Platform::kNotPower) {
    host.level_reason = "not a POWER machine";
  } else {
    static_cast<LevelVerdict &>(host) = judge_level(readings);
  }
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
