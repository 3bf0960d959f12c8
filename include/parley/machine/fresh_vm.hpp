// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "parley/base/failure.hpp"
#include "parley/kvm/system.hpp"

namespace parley::machine {

/// A VM and its first vCPU, which has never run. KVM reports some facts only for an existing VM (the granted levels,
/// the PVR). Creating a VM is the most expensive step of a start, so Machine::build() reuses the VM of the probe.
struct FreshVm {
  kvm::Vm vm;
  kvm::Vcpu first;
  unsigned threads = 1;  ///< of each core; a VM with a vCPU keeps the number
};

std::expected<FreshVm, kvm::CallError> create_fresh_vm(const kvm::System &system, unsigned threads = 1);
/// The message for a VM that could not be created.
Failure cannot_create(const kvm::CallError &error);

}  // namespace parley::machine
