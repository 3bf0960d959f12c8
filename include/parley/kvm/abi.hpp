// SPDX-License-Identifier: Apache-2.0
//
// The PowerPC side of the KVM API: ioctl numbers, capabilities, registers, exit reasons. The structs are in
// abi_structs.hpp.
//
// <linux/kvm.h> differs by architecture. On x86 it lacks the PowerPC registers, kvm_regs has another size, and ioctl
// numbers are encoded differently: KVM_SET_ONE_REG is 0x8010aeac on POWER and 0x4010aeac on x86. So the numbers are
// repeated here, and the whole program compiles and is tested on any machine. src/kvm/abi_check.cpp compares each of
// them with the kernel's own headers: those of the build's target, and Debian's newest (tests/uapi.py).
#pragma once

#include <cstddef>
#include <cstdint>

#include "parley/kvm/abi_structs.hpp"

namespace parley::kvm::abi {

// arch/powerpc/include/uapi/asm/ioctl.h: direction in the top three bits (none 1, read 2, write 4), 13 bits of size.
inline constexpr std::uint32_t kNone = 1;
inline constexpr std::uint32_t kRead = 2;
inline constexpr std::uint32_t kWrite = 4;

constexpr std::uint32_t request(std::uint32_t direction, std::uint32_t number, std::size_t size) {
  constexpr std::uint32_t kKvmIo = 0xae;
  return direction << 29 | static_cast<std::uint32_t>(size) << 16 | kKvmIo << 8 | number;
}

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
inline constexpr std::uint32_t kGetSmmuInfo = request(kRead, 0xa6, sizeof(SmmuInfo));
inline constexpr std::uint32_t kAllocateHtab = request(kRead | kWrite, 0xa7, sizeof(std::uint32_t));
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

// Bits of CompatCaps::compat_capabilities (KVM_PPC_COMPAT_CAP_…), the same as those of H_GUEST_GET_CAPABILITIES.
inline constexpr std::uint64_t kCompatPower9 = std::uint64_t{1} << 62;
inline constexpr std::uint64_t kCompatPower10 = std::uint64_t{1} << 61;
inline constexpr std::uint64_t kCompatPower11 = std::uint64_t{1} << 60;

inline constexpr std::uint64_t kSmmuTerabyteSegments = 2;  // KVM_PPC_1T_SEGMENTS
inline constexpr std::uint64_t kMmuV3Radix = 1;
inline constexpr std::uint64_t kMmuV3Gtse = 2;
inline constexpr std::uint64_t kProcessTableRadix = std::uint64_t{1} << 63;  // PATB_GR

// exit_reason of struct kvm_run: the reasons that KVM on POWER uses
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
