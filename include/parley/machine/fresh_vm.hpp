// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "parley/base/failure.hpp"
#include "parley/kvm/system.hpp"

namespace parley::machine {

/// A VM and its first vCPU, which has never run. KVM answers some questions only about an existing VM (the granted
/// levels, the PVR). Creating a VM is the most expensive step of a start, so the VM that answered the questions is the
/// one that the machine is built from (Machine::build).
struct FreshVm {
  kvm::Vm vm;
  kvm::Vcpu first;
};

std::expected<FreshVm, kvm::CallError> create_fresh_vm(const kvm::System &system);
/// The message for a VM that cannot be created.
Failure cannot_create(const kvm::CallError &error);

}  // namespace parley::machine
