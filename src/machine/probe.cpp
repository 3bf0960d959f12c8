// SPDX-License-Identifier: Apache-2.0
#include "parley/machine/probe.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "parley/kvm/system.hpp"

namespace parley::machine {
namespace {

using host::KvmAccess;
using host::KvmFacts;
using host::TrialOutcome;

KvmFacts no_access(KvmAccess access, std::string detail) {
  KvmFacts facts;
  facts.access = access;
  facts.detail = std::move(detail);
  return facts;
}

KvmFacts cannot_open(const kvm::OpenError &error) {
  using Kind = kvm::OpenError::Kind;
  switch (error.kind) {
    case Kind::kAbsent:
      return no_access(KvmAccess::kAbsent, describe(error.cause));
    case Kind::kNoPermission:
      return no_access(KvmAccess::kNoPermission, describe(error.cause));
    case Kind::kWrongApi:
      return no_access(KvmAccess::kWrongApi, error.cause.call + ", Parley needs 12");
    case Kind::kUnusable:
      break;
  }
  return no_access(KvmAccess::kUnusable, describe(error.cause));
}

// KVM answers EINVAL when no module of that type stands behind it, and, under nested API v2, also when the hypervisor
// finds the request bad. kvm-hv is there when KVM offers radix (kvm_vm_ioctl_check_extension).
void refine_without_hv(const kvm::System &system, const kvm::CallError &error, KvmFacts &facts) {
  facts.detail = describe(error);
  facts.access = KvmAccess::kVmRefused;
  if (error.error != EINVAL || facts.capability("KVM_CAP_PPC_MMU_RADIX") != 0) return;
  const auto problem_state = system.create_vm(kvm::abi::kVmPr);
  facts.access = problem_state ? KvmAccess::kPr : KvmAccess::kNoHv;
  if (problem_state) facts.detail = "KVM creates PR guests only";
}

TrialOutcome plain(kvm::SettingOutcome outcome) {
  switch (outcome) {
    case kvm::SettingOutcome::kTaken:
      return TrialOutcome::kTaken;
    case kvm::SettingOutcome::kStoredWithoutPapr:
      return TrialOutcome::kStoredWithoutPapr;
    case kvm::SettingOutcome::kPoisoned:
      return TrialOutcome::kPoisoned;
    case kvm::SettingOutcome::kRefused:
      return TrialOutcome::kRefused;
    case kvm::SettingOutcome::kNoRegister:
      return TrialOutcome::kNoRegister;
    case kvm::SettingOutcome::kOther:
      break;
  }
  return TrialOutcome::kOther;
}

std::expected<void, kvm::CallError> ask_vcpu(kvm::Vm &vm, std::span<const LogicalPvr> trials, KvmFacts &facts) {
  auto vcpu = vm.create_vcpu(VcpuId{0});
  if (!vcpu) return std::unexpected(vcpu.error());
  if (const auto pvr = vcpu->pvr()) facts.pvr = *pvr;
  for (const LogicalPvr asked : trials) {
    facts.trials.push_back(trial_of(kvm::set_level(*vcpu, asked)));
    kvm::set_level(*vcpu, kNoLogicalPvr);  // each trial starts from the same state
  }
  return {};
}

void ask_compat_caps(const kvm::Vm &vm, KvmFacts &facts) {
  if (facts.capability("KVM_CAP_PPC_COMPAT_CAPS") == 0) return;
  const auto bits = vm.compat_capabilities();
  facts.compat_caps = bits ? host::CompatCaps{0, *bits} : host::CompatCaps{bits.error().error, 0};
}

}  // namespace

KvmFacts probe_kvm(kvm::Kernel &kernel, std::span<const LogicalPvr> trials) {
  const auto system = kvm::System::open(kernel);
  if (!system) return cannot_open(system.error());
  KvmFacts facts;
  for (const auto &capability : kvm::capabilities())
    facts.capabilities[std::string(capability.name)] = system->check(capability.cap);
  auto vm = system->create_vm(kvm::abi::kVmHv);
  if (!vm) {
    refine_without_hv(*system, vm.error(), facts);
    return facts;
  }
  // Only now: without kvm-hv behind it, kvm.ko denies them all.
  for (const auto &capability : kvm::capabilities()) {
    if (capability.missing.empty() || facts.capability(std::string(capability.name)) != 0) continue;
    facts.access = KvmAccess::kLacking;
    facts.detail = std::string(capability.name) + ": " + std::string(capability.missing);
    return facts;
  }
  facts.access = KvmAccess::kHv;
  ask_compat_caps(*vm, facts);
  if (const auto asked = ask_vcpu(*vm, trials, facts); !asked) {
    facts.access = KvmAccess::kVmRefused;
    facts.detail = describe(asked.error());
  }
  return facts;
}

host::Facts gather_facts(kvm::Kernel &kernel, std::span<const LogicalPvr> trials) {
  host::Facts facts = host::read_live_facts();
  // The numbers of POWER's ioctls mean other things to another architecture's KVM.
  if (facts.system.machine.starts_with("ppc64")) facts.kvm = probe_kvm(kernel, trials);
  return facts;
}

host::LevelTrial trial_of(const kvm::LevelSetting &setting) {
  const auto readback = setting.get_error == 0 ? std::optional(setting.readback) : std::nullopt;
  return {setting.asked, plain(setting.outcome), setting.set_error, readback};
}

bool is_refusal(KvmAccess access) {
  return access == KvmAccess::kNoPermission || access == KvmAccess::kUnusable || access == KvmAccess::kVmRefused;
}

Failure explain_access(const KvmFacts &kvm) {
  switch (kvm.access) {
    case KvmAccess::kNotAsked:
      return {"no guest can run here", "this is no POWER machine", "run it on POWER, or in the lab (lab/boot)"};
    case KvmAccess::kAbsent:
      return {"there is no KVM here", kvm.detail,
              "load it: modprobe kvm_hv (in a partition, its hypervisor must grant nesting)"};
    case KvmAccess::kNoPermission:
      return {"KVM may not be used by this user", kvm.detail, "join the group kvm, or run as root"};
    case KvmAccess::kUnusable:
      return {"KVM does not work", kvm.detail, "see dmesg"};
    case KvmAccess::kWrongApi:
      return {"KVM speaks another version of its interface", kvm.detail, "use a kernel from 2.6.22 on"};
    case KvmAccess::kLacking:
      return {"this KVM lacks something that Parley needs", kvm.detail, "use a newer kernel"};
    case KvmAccess::kNoHv:
      return {"KVM is there, but nothing that could run a guest stands behind it", kvm.detail,
              "modprobe kvm_hv, then see dmesg for 'kvm-hv:' (it needs radix, and in a partition nesting)"};
    case KvmAccess::kVmRefused:
      return {"KVM refuses to create a guest", kvm.detail,
              "ENOMEM, EBUSY: end other guests; EPERM: allow this partition to host guests (HMC)"};
    case KvmAccess::kPr:
      return {"only KVM-PR is here, which cannot set a level", kvm.detail, "load kvm_hv"};
    case KvmAccess::kHv:
      break;
  }
  return {"KVM works", kvm.detail, ""};
}

}  // namespace parley::machine
