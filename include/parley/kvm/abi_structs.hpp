// SPDX-License-Identifier: Apache-2.0
//
// The structs of the KVM API on PowerPC (see abi.hpp), with the field order and sizes of the kernel's headers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace parley::kvm::abi {

struct MemoryRegion {  // struct kvm_userspace_memory_region
  std::uint32_t slot;
  std::uint32_t flags;
  std::uint64_t guest_phys_addr;
  std::uint64_t memory_size;  // bytes
  std::uint64_t userspace_addr;
};

struct EnableCap {  // struct kvm_enable_cap
  std::uint32_t cap;
  std::uint32_t flags;
  std::uint64_t args[4];
  std::uint8_t pad[64];
};

struct OneReg {  // struct kvm_one_reg
  std::uint64_t id;
  std::uint64_t addr;
};

struct Regs {  // struct kvm_regs, arch/powerpc/include/uapi/asm/kvm.h
  std::uint64_t pc, cr, ctr, lr, xer, msr, srr0, srr1, pid;
  std::uint64_t sprg[8];
  std::uint64_t gpr[32];
};

struct Sregs {  // struct kvm_sregs: the physical PVR, then the state of hash guests
  std::uint32_t pvr;
  std::uint8_t rest[1228];
};

struct MmuV3Config {  // struct kvm_ppc_mmuv3_cfg
  std::uint64_t flags;
  std::uint64_t process_table;
};

struct PageEncoding {        // struct kvm_ppc_one_page_size
  std::uint32_t page_shift;  // 0: no entry
  std::uint32_t pte_enc;
};

struct SegmentPages {  // struct kvm_ppc_one_seg_page_size
  std::uint32_t page_shift;
  std::uint32_t slb_enc;
  PageEncoding enc[8];
};

struct SmmuInfo {  // struct kvm_ppc_smmu_info: the hash MMU
  std::uint64_t flags;
  std::uint32_t slb_size;
  std::uint16_t data_keys;
  std::uint16_t instr_keys;
  SegmentPages sps[8];
};

struct CreateDevice {  // struct kvm_create_device
  std::uint32_t type;
  std::uint32_t fd;  // out
  std::uint32_t flags;
};

struct DeviceAttr {  // struct kvm_device_attr
  std::uint32_t flags;
  std::uint32_t group;
  std::uint64_t attr;
  std::uint64_t addr;
};

struct IrqLevel {  // struct kvm_irq_level
  std::uint32_t irq, level;
};

struct RtasToken {  // struct kvm_rtas_token_args
  char name[120];
  std::uint64_t token;
};

struct CpuChar {  // struct kvm_ppc_cpu_char
  std::uint64_t character, behaviour;
  std::uint64_t character_mask, behaviour_mask;  // the defined bits
};

struct CompatCaps {     // struct kvm_ppc_compat_caps, Linux 7.3
  std::uint64_t size;   // in: of this struct; out: of the kernel's
  std::uint64_t flags;  // in: 0
  std::uint64_t compat_capabilities;
};

/// The part of struct kvm_run that Parley reads and writes. The mapping is longer: KVM_GET_VCPU_MMAP_SIZE bytes.
struct Run {
  std::uint8_t request_interrupt_window;
  std::uint8_t immediate_exit;
  std::uint8_t padding1[6];
  std::uint32_t exit_reason;
  std::uint8_t ready_for_interrupt_injection;
  std::uint8_t if_flag;
  std::uint16_t flags;
  std::uint64_t cr8;
  std::uint64_t apic_base;
  union {
    struct {
      std::uint64_t hardware_exit_reason;
    } hw;
    struct {
      std::uint64_t hardware_entry_failure_reason;
      std::uint32_t cpu;
    } fail_entry;
    struct {
      std::uint64_t phys_addr;
      std::uint8_t data[8];
      std::uint32_t len;
      std::uint8_t is_write;
    } mmio;
    struct {
      std::uint64_t nr;
      std::uint64_t ret;
      std::array<std::uint64_t, 9> args;
    } papr_hcall;
  };
};

static_assert(sizeof(MemoryRegion) == 32 && sizeof(EnableCap) == 104 && sizeof(OneReg) == 16);
static_assert(sizeof(Regs) == 392 && sizeof(Sregs) == 1232 && sizeof(MmuV3Config) == 16 && sizeof(CompatCaps) == 24);
static_assert(sizeof(PageEncoding) == 8 && sizeof(SegmentPages) == 72 && sizeof(SmmuInfo) == 592);
static_assert(sizeof(CreateDevice) == 12 && sizeof(DeviceAttr) == 24 && sizeof(IrqLevel) == 8);
static_assert(sizeof(RtasToken) == 128 && sizeof(CpuChar) == 32);
static_assert(offsetof(Run, exit_reason) == 8 && offsetof(Run, flags) == 14 && offsetof(Run, hw) == 32);

}  // namespace parley::kvm::abi
