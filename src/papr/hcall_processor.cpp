// SPDX-License-Identifier: Apache-2.0
//
// Hypervisor calls that configure processors: interrupt modes, the process table, SPRG0, and the processor's
// characteristics.
#include <cerrno>

#include "hcall_handlers.hpp"

namespace parley::papr {

// LoPAR 14.5.4.2: the guest may set all bits of the register.
Answer set_sprg0(Context &context, HcallRegisters &, Number value) {
  return context.partition.set_sprg0(context.caller, value.value) ? Status::kSuccess : Status::kHardware;
}

// LoPAR 14.5.4.3.5 (H_SET_MODE). KVM handles the watchpoints in the kernel; only the interrupt resources arrive here.
Answer set_mode(Context &context, HcallRegisters &, Flags flags, Number resource, Number value1, Number value2) {
  constexpr std::uint64_t kLittleEndian = 4;
  constexpr std::uint64_t kInterruptLocation = 3;
  constexpr std::uint64_t kTranslatedAtTop = 3;  // LPCR[AIL]; 1 is reserved, 2 does not exist in ISA 3.1
  if (resource.value != kLittleEndian && resource.value != kInterruptLocation) return Status::kP2;
  if (value1.value != 0) return Status::kP3;
  if (value2.value != 0) return Status::kP4;
  const std::uint64_t on = resource.value == kLittleEndian ? 1 : kTranslatedAtTop;
  if (flags.value != 0 && flags.value != on) return Status::kUnsupportedFlag;
  const bool done = resource.value == kLittleEndian ? context.partition.set_little_endian_interrupts(flags.value == on)
                                                    : context.partition.set_translated_interrupts(flags.value == on);
  return done ? Status::kSuccess : Status::kUnsupportedFlag;
}

// H_REGISTER_PROC_TBL (arch/powerpc/include/asm/hvcall.h; not in the public LoPAR). The entry has the format of a
// partition table entry of the ISA: radix, the base of the table, its size as a power of two above 4 KiB. A guest with
// the hash MMU has no table; Linux makes the call without flags all the same (pseries_lpar_register_process_table).
Answer register_process_table(Context &context, HcallRegisters &, Flags flags, GuestAddress base, Number page_size,
                              Number table_size) {
  constexpr std::uint64_t kNew = 0x18;
  constexpr std::uint64_t kRadix = 0x4;
  constexpr std::uint64_t kGtse = 0x1;
  constexpr std::uint64_t kMaxTableSize = 24;
  constexpr std::uint64_t kEntryRadix = ppc_bit(0);
  if (context.partition.mmu() == compat::Translation::kHash)
    return flags.value == 0 ? Status::kSuccess : Status::kParameter;
  if ((flags.value & ~kGtse) != (kNew | kRadix)) return Status::kParameter;
  if (base.value % 4096 != 0 || base.value >> 60 != 0) return Status::kP2;
  if (page_size.value != 0) return Status::kP3;
  if (table_size.value > kMaxTableSize) return Status::kP4;
  const bool gtse = (flags.value & kGtse) != 0;
  switch (context.partition.set_process_table(kEntryRadix | base.value | table_size.value, gtse)) {
    case 0:
      return Status::kSuccess;
    case EINVAL:
      return Status::kParameter;
    case ENODEV:
      return Status::kNotAvailable;
    default:
      return Status::kHardware;
  }
}

Answer get_cpu_characteristics(Context &context, HcallRegisters &results) {
  const auto characteristics = context.partition.characteristics();
  if (!characteristics) return Status::kFunction;
  results[0] = characteristics->character;
  results[1] = characteristics->behaviour;
  return Status::kSuccess;
}

}  // namespace parley::papr
