// SPDX-License-Identifier: Apache-2.0
#include "firmware.hpp"

#include <cerrno>

#include "parley/base/try.hpp"
#include "parley/papr/open_firmware.hpp"
#include "parley/papr/rtas.hpp"

namespace parley::machine {
std::expected<void, kvm::CallError> load(GuestRam &ram, const guest::MachinePlan &plan) {
  for (const guest::Segment &segment : plan.payload.segments) TRY(ram.load(segment));
  if (plan.initrd) TRY(ram.load(*plan.initrd));
  GuestMemory memory = ram.memory();
  const bool entries =
      memory.write(plan.firmware_at, papr::rtas_entry_code()) &&
      memory.write(GuestAddress{plan.firmware_at.value + kClientInterfaceEntry}, papr::client_interface_entry_code());
  if (!entries) return std::unexpected(kvm::CallError{"loading the firmware page into the guest's memory", EFAULT});
  return {};
}

Bytes flat_tree(const guest::MachinePlan &plan, compat::Target level) {
  // A kernel reserves its own image and the initrd by itself. The RTAS page must be reserved explicitly.
  std::vector<fdt::Reservation> reservations{{plan.firmware_at.value, guest::kPageSize}};
  if (plan.initrd) reservations.push_back({plan.initrd->at.value, plan.initrd->size});
  return fdt::to_blob(guest::guest_tree(plan, level), reservations);
}

bool write_flat_tree(GuestMemory memory, const guest::MachinePlan &plan, compat::Target level) {
  const Bytes tree = flat_tree(plan, level);
  return tree.size() <= guest::kTreeRoom && memory.write(plan.tree_at, tree);
}

kvm::abi::Regs first_registers(const guest::MachinePlan &plan) {
  kvm::abi::Regs regs{};
  regs.pc = plan.payload.entry.value;
  regs.msr = kMsr64Bit | kMsrMachineCheck | (plan.payload.little_endian ? kMsrLittleEndian : 0);
  if (plan.boot == guest::BootKind::kFlatTree) {
    regs.gpr[3] = plan.tree_at.value;
    return regs;
  }
  if (plan.initrd) {
    regs.gpr[3] = plan.initrd->at.value;
    regs.gpr[4] = plan.initrd->size;
  }
  regs.gpr[5] = plan.firmware_at.value + kClientInterfaceEntry;
  regs.gpr[1] = plan.firmware_at.value + kFirstStack;  // prom_init uses the stack of the firmware
  return regs;
}

// Big-endian: Linux' entry point switches to its own byte order (FIXUP_ENDIAN).
kvm::abi::Regs started_registers(GuestAddress entry, std::uint64_t argument) {
  kvm::abi::Regs regs{};
  regs.pc = entry.value;
  regs.msr = kMsr64Bit | kMsrMachineCheck;
  regs.gpr[3] = argument;
  return regs;
}

}  // namespace parley::machine
