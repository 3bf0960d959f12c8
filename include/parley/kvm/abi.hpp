// SPDX-License-Identifier: Apache-2.0
//
// The PowerPC side of the KVM API, spelled out. <linux/kvm.h> differs by architecture: elsewhere it lacks the PowerPC
// registers, gives kvm_regs another size, and encodes ioctl numbers otherwise. So the numbers stand here once, the
// whole program compiles and is tested on any machine, and src/kvm/abi_check.cpp holds each of them against the
// kernel's own headers: those of the machine that Parley is built for, and the newest that there are (tests/uapi.py).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace parley::kvm::abi {

// arch/powerpc/include/uapi/asm/ioctl.h: direction in the top three bits (none 1, read 2, write 4), 13 bits of size.
inline constexpr std::uint32_t kNone = 1;
inline constexpr std::uint32_t kRead = 2;
inline constexpr std::uint32_t kWrite = 4;

constexpr std::uint32_t request(std::uint32_t direction, std::uint32_t number, std::size_t size) {
  constexpr std::uint32_t kKvmIo = 0xae;
  return direction << 29 | static_cast<std::uint32_t>(size) << 16 | kKvmIo << 8 | number;
}

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

struct Sregs {  // struct kvm_sregs: the physical PVR, then what radix guests do not need
  std::uint32_t pvr;
  std::uint8_t rest[1228];
};

struct MmuV3Config {  // struct kvm_ppc_mmuv3_cfg
  std::uint64_t flags;
  std::uint64_t process_table;
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
  std::uint32_t irq;
  std::uint32_t level;
};

struct RtasToken {  // struct kvm_rtas_token_args
  char name[120];
  std::uint64_t token;
};

struct CpuChar {  // struct kvm_ppc_cpu_char
  std::uint64_t character, behaviour;
  std::uint64_t character_mask, behaviour_mask;  // the bits above that mean something
};

struct CompatCaps {     // struct kvm_ppc_compat_caps, Linux 7.3
  std::uint64_t size;   // in: the size of this struct; out: that of the kernel's
  std::uint64_t flags;  // in: 0
  std::uint64_t compat_capabilities;
};

/// The part of struct kvm_run that Parley reads and writes; the mapping is KVM_GET_VCPU_MMAP_SIZE bytes.
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
static_assert(sizeof(CreateDevice) == 12 && sizeof(DeviceAttr) == 24 && sizeof(IrqLevel) == 8);
static_assert(sizeof(RtasToken) == 128 && sizeof(CpuChar) == 32);
static_assert(offsetof(Run, exit_reason) == 8 && offsetof(Run, flags) == 14 && offsetof(Run, hw) == 32);

inline constexpr std::uint32_t kGetApiVersion = request(kNone, 0x00, 0);
inline constexpr std::uint32_t kCreateVm = request(kNone, 0x01, 0);
inline constexpr std::uint32_t kCheckExtension = request(kNone, 0x03, 0);
inline constexpr std::uint32_t kGetVcpuMmapSize = request(kNone, 0x04, 0);
inline constexpr std::uint32_t kCreateVcpu = request(kNone, 0x41, 0);
inline constexpr std::uint32_t kSetUserMemoryRegion = request(kWrite, 0x46, sizeof(MemoryRegion));
inline constexpr std::uint32_t kIrqLine = request(kWrite, 0x61, sizeof(IrqLevel));
inline constexpr std::uint32_t kRun = request(kNone, 0x80, 0);
inline constexpr std::uint32_t kGetRegs = request(kRead, 0x81, sizeof(Regs));
inline constexpr std::uint32_t kSetRegs = request(kWrite, 0x82, sizeof(Regs));
inline constexpr std::uint32_t kGetSregs = request(kRead, 0x83, sizeof(Sregs));
inline constexpr std::uint32_t kEnableCap = request(kWrite, 0xa3, sizeof(EnableCap));
inline constexpr std::uint32_t kGetOneReg = request(kWrite, 0xab, sizeof(OneReg));
inline constexpr std::uint32_t kSetOneReg = request(kWrite, 0xac, sizeof(OneReg));
inline constexpr std::uint32_t kRtasDefineToken = request(kWrite, 0xac, sizeof(RtasToken));
inline constexpr std::uint32_t kConfigureV3Mmu = request(kWrite, 0xaf, sizeof(MmuV3Config));
inline constexpr std::uint32_t kGetCpuChar = request(kRead, 0xb1, sizeof(CpuChar));
inline constexpr std::uint32_t kCreateDevice = request(kRead | kWrite, 0xe0, sizeof(CreateDevice));
inline constexpr std::uint32_t kSetDeviceAttr = request(kWrite, 0xe1, sizeof(DeviceAttr));
inline constexpr std::uint32_t kGetCompatCaps = request(kNone, 0xb8, 0);  // Linux 7.3

inline constexpr int kApiVersion = 12;

// Types of KVM_CREATE_VM
inline constexpr unsigned long kVmHv = 1;
inline constexpr unsigned long kVmPr = 2;

enum class Cap : std::uint32_t {
  kUserMemory = 3,
  kNrVcpus = 9,
  kPpcSmt = 64,
  kMaxVcpus = 66,
  kPpcPapr = 68,
  kOneReg = 70,
  kPpcRtas = 91,
  kIrqXics = 92,
  kEnableCapVm = 98,
  kPpcEnableHcall = 104,
  kPpcHtm = 132,
  kPpcMmuRadix = 134,
  kPpcMmuHashV3 = 135,
  kImmediateExit = 136,
  kPpcFwnmi = 146,
  kPpcSmtPossible = 147,
  kPpcGetCpuChar = 151,
  kPpcNestedHv = 160,
  kPpcIrqXive = 169,
  kPpcDawr1 = 194,
  kPpcRptInvalidate = 202,
  kPpcAilMode3 = 210,
  kPpcCompatCaps = 250,  // Linux 7.3
};

inline constexpr std::uint64_t kRegArchCompat = 0x10200000000000b7;  // KVM_REG_PPC_ARCH_COMPAT, 32 bits

inline constexpr std::uint64_t kRegLpcr = 0x10300000000000b5;  // KVM_REG_PPC_LPCR_64

inline constexpr std::uint32_t kDeviceXics = 3;        // KVM_DEV_TYPE_XICS
inline constexpr std::uint32_t kXicsGroupSources = 1;  // KVM_DEV_XICS_GRP_SOURCES: attr is the source's number
inline constexpr unsigned kXicsPriorityShift = 32;     // KVM_XICS_PRIORITY_SHIFT
inline constexpr std::uint64_t kXicsMasked = std::uint64_t{1} << 41;  // KVM_XICS_MASKED

// Bits of CompatCaps::compat_capabilities (KVM_PPC_COMPAT_CAP_…); they are those of H_GUEST_GET_CAPABILITIES.
inline constexpr std::uint64_t kCompatPower9 = std::uint64_t{1} << 62;
inline constexpr std::uint64_t kCompatPower10 = std::uint64_t{1} << 61;
inline constexpr std::uint64_t kCompatPower11 = std::uint64_t{1} << 60;

inline constexpr std::uint64_t kMmuV3Radix = 1;
inline constexpr std::uint64_t kMmuV3Gtse = 2;
inline constexpr std::uint64_t kProcessTableRadix = std::uint64_t{1} << 63;  // PATB_GR

// exit_reason of struct kvm_run, as far as a POWER guest can bring it about
inline constexpr std::uint32_t kExitUnknown = 0;
inline constexpr std::uint32_t kExitDebug = 4;
inline constexpr std::uint32_t kExitMmio = 6;
inline constexpr std::uint32_t kExitFailEntry = 9;
inline constexpr std::uint32_t kExitIntr = 10;
inline constexpr std::uint32_t kExitNmi = 16;
inline constexpr std::uint32_t kExitInternalError = 17;
inline constexpr std::uint32_t kExitPaprHcall = 19;
inline constexpr std::uint32_t kExitSystemEvent = 24;

}  // namespace parley::kvm::abi
