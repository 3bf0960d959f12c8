// SPDX-License-Identifier: Apache-2.0
#include "parley/machine/probe.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

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

static_assert(host::kCompatCapPower9 == kvm::abi::kCompatPower9 &&
              host::kCompatCapPower10 == kvm::abi::kCompatPower10 &&
              host::kCompatCapPower11 == kvm::abi::kCompatPower11);

host::CompatCaps granted_levels(const kvm::Vm &vm) {
  const auto bits = vm.compat_capabilities();
  return bits ? host::CompatCaps{0, *bits} : host::CompatCaps{bits.error().error, 0};
}

std::optional<host::HashMmu> hash_mmu(const kvm::Vm &vm) {
  const auto info = vm.hash_info();
  if (!info) return std::nullopt;
  host::HashMmu mmu{info->slb_size, (info->flags & kvm::abi::kSmmuTerabyteSegments) != 0, {}};
  for (const kvm::abi::SegmentPages &segment : info->sps) {
    if (segment.page_shift == 0) break;
    host::SegmentPages pages{{segment.page_shift, segment.slb_enc}, {}};
    for (const kvm::abi::PageEncoding &page : segment.enc)
      if (page.page_shift != 0) pages.pages.push_back({page.page_shift, page.pte_enc});
    mmu.segments.push_back(std::move(pages));
  }
  return mmu;
}

// Radix proves that kvm_hv is loaded (kvm_vm_ioctl_check_extension). On bare metal kvm_hv may also run without radix.
bool offers_radix(const KvmFacts &facts) { return facts.capability("KVM_CAP_PPC_MMU_RADIX") != 0; }

}  // namespace

Probe::Probe(kvm::Kernel &kernel) {
  auto opened = kvm::System::open(kernel);
  if (!opened) {
    facts_ = cannot_open(opened.error());
    return;
  }
  for (const auto &capability : kvm::capabilities()) {
    const auto answer = opened->check(capability);
    if (!answer) {
      facts_ = no_access(KvmAccess::kUnusable, describe(answer.error()));
      return;
    }
    facts_.capabilities.emplace(capability.name, *answer);
  }
  system_ = std::move(*opened);
  if (offers_radix(facts_)) accept_hv();
}

// Call it only if HV is proven: without kvm_hv, kvm.ko denies all capabilities.
void Probe::accept_hv() {
  facts_.access = KvmAccess::kHv;
  for (const auto &capability : kvm::capabilities()) {
    if (capability.missing.empty() || facts_.capability(capability.name) != 0) continue;
    facts_.access = KvmAccess::kLacking;
    facts_.detail = std::string(capability.name) + ": " + std::string(capability.missing);
    return;
  }
}

void Probe::note_refusal(const kvm::CallError &error) {
  facts_.access = KvmAccess::kVmRefused;
  facts_.detail = describe(error);
}

// KVM returns EINVAL if no module for that type of guest is loaded. Under nested API v2 it also returns EINVAL if the
// hypervisor rejects the request.
void Probe::note_vm_refusal(const kvm::CallError &error) {
  note_refusal(error);
  if (error.error != EINVAL || offers_radix(facts_)) return;
  const auto problem_state = system_->create_vm(kvm::abi::kVmPr);
  facts_.access = problem_state ? KvmAccess::kPr : KvmAccess::kNoHv;
  if (problem_state) facts_.detail = "KVM creates PR guests only";
}

std::optional<FreshVm> Probe::create_fresh_vm() {
  if (!system_ || facts_.access == KvmAccess::kLacking) return std::nullopt;
  auto vm = system_->create_vm(kvm::abi::kVmHv);
  if (!vm) {
    note_vm_refusal(vm.error());
    return std::nullopt;
  }
  accept_hv();
  if (facts_.access != KvmAccess::kHv) return std::nullopt;
  if (facts_.capability("KVM_CAP_PPC_COMPAT_CAPS") != 0) facts_.compat_caps = granted_levels(*vm);
  if (facts_.capability("KVM_CAP_PPC_MMU_HASH_V3") != 0) facts_.hash_mmu = hash_mmu(*vm);
  auto vcpu = vm->create_vcpu(VcpuId{0});
  if (!vcpu) {
    note_refusal(vcpu.error());
    return std::nullopt;
  }
  const auto pvr = vcpu->pvr();
  if (!pvr) {
    note_refusal(pvr.error());
    return std::nullopt;
  }
  facts_.pvr = *pvr;
  return FreshVm{std::move(*vm), std::move(*vcpu)};
}

void Probe::try_levels(FreshVm &fresh, std::span<const LogicalPvr> levels) {
  for (const LogicalPvr asked : levels) {
    facts_.trials.push_back(trial_of(kvm::set_level(fresh.first, asked)));
    kvm::set_level(fresh.first, kNoLogicalPvr);  // each trial starts from the same state
  }
}

KvmFacts probe_kvm(kvm::Kernel &kernel, std::span<const LogicalPvr> trials) {
  Probe probe(kernel);
  if (auto fresh = probe.create_fresh_vm()) probe.try_levels(*fresh, trials);
  return probe.facts();
}

host::Facts gather_facts(host::Facts live, kvm::Kernel &kernel, std::span<const LogicalPvr> trials) {
  if (host::is_power(live.system)) live.kvm = probe_kvm(kernel, trials);
  return live;
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
      return {"no guest can run here", "this is not a POWER machine", "run Parley on POWER, or in the lab (lab/boot)"};
    case KvmAccess::kAbsent:
      return {"this machine has no KVM", kvm.detail,
              "load it: modprobe kvm_hv (in a partition, the hypervisor must allow nested guests)"};
    case KvmAccess::kNoPermission:
      return {"this user may not use KVM", kvm.detail, "join the group kvm, or run as root"};
    case KvmAccess::kUnusable:
      return {"KVM does not work", kvm.detail, "see dmesg"};
    case KvmAccess::kWrongApi:
      return {"KVM has an unknown API version", kvm.detail, "use Linux 2.6.22 or later"};
    case KvmAccess::kLacking:
      return {"this KVM lacks a capability that Parley needs", kvm.detail, "use a newer kernel"};
    case KvmAccess::kNoHv:
      return {"/dev/kvm exists, but no usable HV backend is behind it", kvm.detail,
              "modprobe kvm_hv, then see dmesg for 'kvm-hv:' (it needs radix, and in a partition nested guests)"};
    case KvmAccess::kVmRefused:
      return {
          "KVM refuses to create a guest", kvm.detail,
          "ENOMEM, EBUSY: end other guests; EMFILE: allow more files (ulimit -n); EPERM: allow this partition to host "
          "guests (HMC)"};
    case KvmAccess::kPr:
      return {"this machine has only KVM-PR, which cannot set a level", kvm.detail, "load kvm_hv"};
    case KvmAccess::kHv:
      break;
  }
  return {"KVM works", kvm.detail, ""};
}

}  // namespace parley::machine
