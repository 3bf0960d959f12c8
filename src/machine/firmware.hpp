// SPDX-License-Identifier: Apache-2.0
//
// The firmware's side of a start: what lies in the guest's memory before its first instruction, and the registers with
// which a processor begins.
//
// There is no firmware program. One page holds the entry points of RTAS and of the client interface, five instructions
// each, which turn a call into a hypercall; from its end downwards it serves as the first stack. A guest gets its
// device tree in one of two ways (guest::BootKind): it asks the client interface for it (papr::OpenFirmware), or it
// finds the tree flattened in memory, with its address in r3 (ePAPR 1.1, 5.4).
#pragma once

#include <expected>

#include "guest_ram.hpp"
#include "parley/base/guest_memory.hpp"
#include "parley/guest/plan.hpp"
#include "parley/kvm/system.hpp"

namespace parley::machine {

/// Power ISA 3.0B Book III 3.2.1, Machine State Register: a processor begins in 64-bit real mode.
inline constexpr std::uint64_t kMsr64Bit = ppc_bit(0);
inline constexpr std::uint64_t kMsrMachineCheck = ppc_bit(51);
inline constexpr std::uint64_t kMsrInstructionRelocate = ppc_bit(58);
inline constexpr std::uint64_t kMsrLittleEndian = ppc_bit(63);

/// In the firmware page: RTAS is at its start, the client interface here; the stack of the kernel's first code begins
/// below the end, with room above for its caller's frame.
inline constexpr std::uint64_t kClientInterfaceEntry = 0x100;
inline constexpr std::uint64_t kFirstStack = guest::kPageSize - 0x100;

/// Puts the payload, the initrd and the firmware page into the guest's memory.
std::expected<void, kvm::CallError> load(GuestRam &ram, const guest::MachinePlan &plan);

/// The flattened tree of the guest.
Bytes flat_tree(const guest::MachinePlan &plan, compat::Target level);
/// Writes it to its place in memory; false when there is no room.
bool write_flat_tree(GuestMemory memory, const guest::MachinePlan &plan, compat::Target level);

/// The registers of the first processor. Linux tells the two ways to start it apart by r5, the entry of the client
/// interface (arch/powerpc/kernel/head_64.S).
kvm::abi::Regs first_registers(const guest::MachinePlan &plan);
/// The registers of a processor that the guest starts with RTAS start-cpu (LoPAR 7.3.8.1): 64-bit big-endian real mode.
kvm::abi::Regs started_registers(GuestAddress entry, std::uint64_t argument);

}  // namespace parley::machine
