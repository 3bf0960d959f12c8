// SPDX-License-Identifier: Apache-2.0
//
// Hypervisor calls that read and write the guest's memory. They use no other state, so several vCPUs may make them at
// the same time.
#include "hcall_handlers.hpp"

namespace parley::papr {

// LoPAR 14.5.4.2.3 (H_PAGE_INIT): clears a page of 4 KiB, or copies another page to it. With both flags it copies. The
// flags for instruction caches and for shared memory (CMO) need no action here.
Answer page_init(Context &context, HcallRegisters &, Flags flags, GuestAddress destination, GuestAddress source) {
  constexpr std::uint64_t kPage = 4096;
  constexpr std::uint64_t kZero = ppc_bit(48);
  constexpr std::uint64_t kCopy = ppc_bit(49);
  constexpr std::uint64_t kCaches = ppc_bit(40) | ppc_bit(41);
  constexpr std::uint64_t kSharedMemory = ppc_bit(28) | ppc_bit(29) | ppc_bit(30) | ppc_bit(31);
  if ((flags.value & ~(kZero | kCopy | kCaches | kSharedMemory)) != 0) return Status::kParameter;
  if (destination.value % kPage != 0 || !context.memory.contains(destination, kPage)) return Status::kParameter;
  std::array<std::byte, kPage> page{};
  if ((flags.value & kCopy) != 0) {
    if (source.value % kPage != 0 || !context.memory.read(source, page)) return Status::kParameter;
  } else if ((flags.value & kZero) == 0) {
    return Status::kSuccess;
  }
  return context.memory.write(destination, page) ? Status::kSuccess : Status::kParameter;
}

// LoPAR 14.5.4.2.4 (H_LOGICAL_CI_LOAD): the value is right-justified in the register. Because the host's caches are
// coherent, H_LOGICAL_CACHE_LOAD (not in the public LoPAR; asm/hvcall.h) does the same.
Answer logical_load(Context &context, HcallRegisters &results, Width width, GuestAddress at) {
  if (!width.is_valid() || at.value % width.value != 0) return Status::kParameter;
  std::array<std::byte, sizeof(std::uint64_t)> bytes{};
  if (!context.memory.read(at, std::span(bytes).last(width.value))) return Status::kParameter;
  results[0] = load_be<std::uint64_t>(bytes);
  return Status::kSuccess;
}

Answer logical_store(Context &context, HcallRegisters &, Width width, GuestAddress at, Number value) {
  if (!width.is_valid() || at.value % width.value != 0) return Status::kParameter;
  std::array<std::byte, sizeof(std::uint64_t)> bytes{};
  store_be(std::span(bytes), value.value);
  return context.memory.write(at, std::span(bytes).last(width.value)) ? Status::kSuccess : Status::kParameter;
}

// H_LOGICAL_ICBI and H_LOGICAL_DCBF (asm/hvcall.h): invalidate or flush one cache block. The caches of POWER are
// coherent, so only the address is checked.
Answer logical_cache_block(Context &context, HcallRegisters &, GuestAddress at) {
  return context.memory.contains(at, 1) ? Status::kSuccess : Status::kParameter;
}

}  // namespace parley::papr
