// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>

#include "parley/base/guest_memory.hpp"
#include "parley/guest/plan.hpp"
#include "parley/kvm/handle.hpp"

namespace parley::machine {

/// The console's source in the XICS. Sources begin at 16; the lower ones QEMU gives to events of the platform, and
/// guests do not care.
inline constexpr std::uint32_t kConsoleInterrupt = 0x1100;

/// Power ISA 3.0B Book III 3.2.1, Machine State Register: how a processor begins, in 64-bit real mode.
inline constexpr std::uint64_t kMsr64Bit = ppc_bit(0);
inline constexpr std::uint64_t kMsrMachineCheck = ppc_bit(51);
inline constexpr std::uint64_t kMsrLittleEndian = ppc_bit(63);

/// In the firmware page: RTAS at its start, the client interface here, and from the end downwards the stack of the
/// kernel's first code, with room above for the frame that a caller has.
inline constexpr std::uint64_t kClientInterfaceEntry = 0x100;
inline constexpr std::uint64_t kFirstStack = guest::kPageSize - 0x100;

/// Puts the payload, the initrd and the firmware page into the guest's memory, the parts of files without a copy as far
/// as their alignment allows.
std::expected<void, kvm::CallError> load(kvm::Mapping &ram, const guest::MachinePlan &plan);

/// The tree of a guest that finds it in memory.
Bytes flat_tree(const guest::MachinePlan &plan, compat::Target level);
/// False when there is no room for it.
bool write_flat_tree(GuestMemory memory, const guest::MachinePlan &plan, compat::Target level);

}  // namespace parley::machine
