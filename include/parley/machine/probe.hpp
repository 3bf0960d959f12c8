// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>

#include "parley/base/failure.hpp"
#include "parley/compat/decide.hpp"
#include "parley/kvm/arch_compat.hpp"
#include "parley/machine/fresh_vm.hpp"

namespace parley::machine {

/// Asks KVM what it can do. To be made on POWER only (host::is_power): elsewhere ioctls have other numbers.
class Probe {
 public:
  /// Opens KVM, and asks what it says without a guest.
  explicit Probe(kvm::Kernel &kernel);
  /// Creates a guest, and asks what KVM says only of one; none where the facts then say why there can be none.
  std::optional<FreshVm> create_fresh_vm();
  /// Sets each level in turn.
  void try_levels(FreshVm &fresh, std::span<const LogicalPvr> levels);
  /// The opened KVM, for further guests; after create_fresh_vm() gave one.
  kvm::System release_system() { return std::move(*system_); }
  /// What is known by now. `access` is kHv as soon as that is proven, and kNotAsked as long as only a guest could tell.
  const host::KvmFacts &facts() const { return facts_; }

 private:
  void accept_hv();
  void refused(const kvm::CallError &error);
  void refused_vm(const kvm::CallError &error);

  std::optional<kvm::System> system_;
  host::KvmFacts facts_;
};

/// All facts at once, `trials` among them, by a guest that is gone afterwards.
host::KvmFacts probe_kvm(kvm::Kernel &kernel, std::span<const LogicalPvr> trials = {});

/// All that this machine says about itself: the live facts (host::read_live_facts) and, on POWER, KVM's.
host::Facts gather_facts(host::Facts live, kvm::Kernel &kernel, std::span<const LogicalPvr> trials = {});

/// The same answer as a plain value.
host::LevelTrial trial_of(const kvm::LevelSetting &setting);

/// True when KVM is there but refuses this user or this guest: a failure, where the other ways of not having it mean
/// that Parley does not apply to the machine.
bool is_refusal(host::KvmAccess access);
/// Why no guest can run with this KVM, for an access other than kHv.
Failure explain_access(const host::KvmFacts &kvm);

}  // namespace parley::machine
