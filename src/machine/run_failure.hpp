// SPDX-License-Identifier: Apache-2.0
//
// What a failed KVM_RUN means.
//
// The kernel reports a level that the hypervisor refuses in the same way as several other errors. Two questions tell
// them apart. Has the guest executed anything? Then the level was accepted, and the guest did something that ended it.
// Is the level above the host's? Then a refusal of the level is likely; at or below the host's level it is not, since
// under nested API v2 each refused entry looks the same (KVM_RUN returns 0 with the hypervisor's return code as
// hardware reason, book3s_hv.c:kvmhv_p9_guest_entry).
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
  std::optional<kvm::abi::Regs> regs;  ///< of that vCPU; none where they were not read
  bool guest_ran = false;              ///< some vCPU has executed an instruction
  compat::Target level;                ///< the guest's
  std::optional<Level> host_level;
};

/// True when the kernel or the hypervisor refused the level. A guest that has run is never restarted at another level.
bool is_level_refusal(const FailedRun &run);
/// The three sentences for the user; with the instruction where the guest stood, if it did.
Failure explain(const FailedRun &run, const GuestMemory &memory);

}  // namespace parley::machine
