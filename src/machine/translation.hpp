// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>

#include "parley/guest/plan.hpp"
#include "parley/kvm/system.hpp"

namespace parley::machine {

/// Gives the VM this MMU, without any translation. No vCPU may be in the guest.
inline std::expected<int, kvm::CallError> configure_mmu(kvm::Vm &vm, compat::Translation mmu,
                                                        const guest::MachinePlan &plan) {
  return mmu == compat::Translation::kRadix ? vm.configure_radix() : vm.configure_hash(plan.hash->table_order);
}

}  // namespace parley::machine
