// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "parley/base/failure.hpp"
#include "parley/kvm/system.hpp"

namespace parley::machine {

/// A guest with nothing in it yet: its VM and its first vCPU, which never ran. To create one and let it go again costs
/// a host more than anything else here, so the one that was asked is the one that is filled (Machine::build).
struct Shell {
  kvm::Vm vm;
  kvm::Vcpu first;
};

std::expected<Shell, kvm::CallError> create_shell(const kvm::System &system);
/// Why there is no machine.
Failure cannot_create(const kvm::CallError &error);

}  // namespace parley::machine
