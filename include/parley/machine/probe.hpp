// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "parley/base/failure.hpp"
#include "parley/compat/decide.hpp"
#include "parley/kvm/arch_compat.hpp"
#include "parley/kvm/kernel.hpp"

namespace parley::machine {

/// Asks KVM what it can do, with a virtual machine and a vCPU that never run and are gone afterwards, and tries each of
/// `trials` on that vCPU. Must not be called where /dev/kvm is another architecture's.
host::KvmFacts probe_kvm(kvm::Kernel &kernel, std::span<const LogicalPvr> trials = {});

/// All that this machine says about itself: the live facts and, on POWER, KVM's.
host::Facts gather_facts(kvm::Kernel &kernel, std::span<const LogicalPvr> trials = {});

/// The same answer as a plain value.
host::LevelTrial trial_of(const kvm::LevelSetting &setting);

/// True when KVM is there but refuses this user or this guest: a failure, where the other ways of not having it mean
/// that Parley does not apply to the machine.
bool is_refusal(host::KvmAccess access);
/// Why no guest can run with this KVM, for an access other than kHv.
Failure explain_access(const host::KvmFacts &kvm);

}  // namespace parley::machine
