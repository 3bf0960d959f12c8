// SPDX-License-Identifier: Apache-2.0
//
// The probe asks KVM for its facts, as plain values (host::KvmFacts).
//
// The questions come in three stages of rising cost, so that each caller pays only for the facts that it needs:
//
// 1. Without a VM: open /dev/kvm and check the capabilities. On a host with radix this already proves that kvm_hv is
//    loaded, because only kvm_hv reports KVM_CAP_PPC_MMU_RADIX (arch/powerpc/kvm/powerpc.c,
//    kvm_vm_ioctl_check_extension).
// 2. With a VM and a vCPU: the levels that the hypervisor grants, and the PVR. If kvm_hv refuses the VM, the probe asks
//    for a PR guest, to tell a missing kvm_hv from a kernel that offers KVM-PR only.
// 3. With trials: set each level on the vCPU, read it back, and reset it. The vCPU never runs.
//
// A failure is a fact too: KvmFacts::access says what is missing, explain_access() turns it into a message.
#pragma once

#include <optional>
#include <span>

#include "parley/base/failure.hpp"
#include "parley/compat/decide.hpp"
#include "parley/kvm/arch_compat.hpp"
#include "parley/machine/fresh_vm.hpp"

namespace parley::machine {

/// Collects the facts about KVM. Construct it on POWER only (host::is_power): other architectures have other ioctl
/// numbers.
class Probe {
 public:
  /// Stage 1: opens KVM and reads its capabilities.
  explicit Probe(kvm::Kernel &kernel);
  /// Stage 2: creates a VM and reads the facts that need one. Returns none if that failed; facts() then has the reason.
  std::optional<FreshVm> create_fresh_vm();
  /// Stage 3: sets each level in turn and records the answer.
  void try_levels(FreshVm &fresh, std::span<const LogicalPvr> levels);
  /// Hands over the open KVM for further guests. Call it only after create_fresh_vm() succeeded.
  kvm::System release_system() { return std::move(*system_); }
  /// The facts so far. `access` is kHv once it is proven, and kNotAsked while only a VM could prove it.
  const host::KvmFacts &facts() const { return facts_; }

 private:
  void accept_hv();
  void note_refusal(const kvm::CallError &error);
  void note_vm_refusal(const kvm::CallError &error);

  std::optional<kvm::System> system_;
  host::KvmFacts facts_;
};

/// All three stages at once, with `trials` as the levels to try. The VM is destroyed afterwards.
host::KvmFacts probe_kvm(kvm::Kernel &kernel, std::span<const LogicalPvr> trials = {});

/// Adds KVM's facts, if this is a POWER machine, to the live facts of the host (host::read_live_facts).
host::Facts gather_facts(host::Facts live, kvm::Kernel &kernel, std::span<const LogicalPvr> trials = {});

/// The kernel's answer as a plain value of the host layer.
host::LevelTrial trial_of(const kvm::LevelSetting &setting);

/// True if KVM exists but refuses this user or this guest, which is a failure. With all other values of `access` except
/// kHv, Parley is not applicable to the machine.
bool is_refusal(host::KvmAccess access);
/// The message that explains why no guest can run, for an access other than kHv.
Failure explain_access(const host::KvmFacts &kvm);

}  // namespace parley::machine
