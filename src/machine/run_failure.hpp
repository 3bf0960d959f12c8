// SPDX-License-Identifier: Apache-2.0
//
// The meaning of a failed KVM_RUN.
//
// If the hypervisor refuses a level, the kernel reports it in the same way as several other errors: under nested API v2
// each refused entry looks the same (KVM_RUN returns 0, with the hypervisor's return code as the hardware reason;
// book3s_hv.c:kvmhv_p9_guest_entry). Two questions tell them apart:
//
// 1. Has the guest executed an instruction? Then the level was accepted, and something in the guest ended it.
// 2. Is the level above the host's? Then a refusal of the level is likely. At or below the host's level it is not.
#pragma once

#include <optional>

#include "parley/base/guest_memory.hpp"
#include "parley/compat/target.hpp"
#include "parley/kvm/exit.hpp"
#include "parley/kvm/system.hpp"

namespace parley::machine {

/// A failed KVM_RUN and its circumstances.
struct FailedRun {
  const kvm::RunFailure &failure;
  VcpuId vcpu;
  std::optional<kvm::abi::Regs> regs;  ///< of that vCPU; none if they were not read
  bool guest_ran = false;              ///< some vCPU has executed an instruction
  compat::Target level;                ///< the guest's level
  std::optional<Level> host_level;
};

/// True if the kernel or the hypervisor refused the level. A guest that has run is never restarted at another level.
bool is_level_refusal(const FailedRun &run);
/// The message for the user. If the guest has run, the message gives the instruction at its pc.
Failure explain(const FailedRun &run, const GuestMemory &memory);

}  // namespace parley::machine
