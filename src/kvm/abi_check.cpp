// SPDX-License-Identifier: Apache-2.0
//
// Holds abi.hpp against the kernel's headers, where these speak of PowerPC.
#if defined(__powerpc64__)
#include <linux/kvm.h>

#include "parley/kvm/abi.hpp"

namespace parley::kvm::abi {

#define SAME(ours, theirs) \
  static_assert(static_cast<unsigned long long>(ours) == static_cast<unsigned long long>(theirs))

SAME(kGetApiVersion, KVM_GET_API_VERSION);
SAME(kCreateVm, KVM_CREATE_VM);
SAME(kCheckExtension, KVM_CHECK_EXTENSION);
SAME(kGetVcpuMmapSize, KVM_GET_VCPU_MMAP_SIZE);
SAME(kCreateVcpu, KVM_CREATE_VCPU);
SAME(kSetUserMemoryRegion, KVM_SET_USER_MEMORY_REGION);
SAME(kRun, KVM_RUN);
SAME(kSetRegs, KVM_SET_REGS);
SAME(kGetSregs, KVM_GET_SREGS);
SAME(kEnableCap, KVM_ENABLE_CAP);
SAME(kGetOneReg, KVM_GET_ONE_REG);
SAME(kSetOneReg, KVM_SET_ONE_REG);
SAME(kConfigureV3Mmu, KVM_PPC_CONFIGURE_V3_MMU);
SAME(kIrqLine, KVM_IRQ_LINE);
SAME(kGetRegs, KVM_GET_REGS);
SAME(kRtasDefineToken, KVM_PPC_RTAS_DEFINE_TOKEN);
SAME(kGetCpuChar, KVM_PPC_GET_CPU_CHAR);
SAME(kCreateDevice, KVM_CREATE_DEVICE);
SAME(kSetDeviceAttr, KVM_SET_DEVICE_ATTR);
SAME(kDeviceXics, KVM_DEV_TYPE_XICS);
SAME(kXicsGroupSources, KVM_DEV_XICS_GRP_SOURCES);
SAME(kXicsPriorityShift, KVM_XICS_PRIORITY_SHIFT);
SAME(kXicsMasked, KVM_XICS_MASKED);
SAME(kRegLpcr, KVM_REG_PPC_LPCR_64);
SAME(Cap::kPpcRptInvalidate, KVM_CAP_PPC_RPT_INVALIDATE);
SAME(Cap::kPpcAilMode3, KVM_CAP_PPC_AIL_MODE_3);
SAME(offsetof(CpuChar, character_mask), offsetof(kvm_ppc_cpu_char, character_mask));
SAME(offsetof(RtasToken, token), offsetof(kvm_rtas_token_args, token));
SAME(kApiVersion, KVM_API_VERSION);
SAME(kVmHv, KVM_VM_PPC_HV);
SAME(kVmPr, KVM_VM_PPC_PR);
SAME(Cap::kUserMemory, KVM_CAP_USER_MEMORY);
SAME(Cap::kNrVcpus, KVM_CAP_NR_VCPUS);
SAME(Cap::kPpcSmt, KVM_CAP_PPC_SMT);
SAME(Cap::kMaxVcpus, KVM_CAP_MAX_VCPUS);
SAME(Cap::kPpcPapr, KVM_CAP_PPC_PAPR);
SAME(Cap::kOneReg, KVM_CAP_ONE_REG);
SAME(Cap::kPpcRtas, KVM_CAP_PPC_RTAS);
SAME(Cap::kIrqXics, KVM_CAP_IRQ_XICS);
SAME(Cap::kEnableCapVm, KVM_CAP_ENABLE_CAP_VM);
SAME(Cap::kPpcEnableHcall, KVM_CAP_PPC_ENABLE_HCALL);
SAME(Cap::kPpcHtm, KVM_CAP_PPC_HTM);
SAME(Cap::kPpcMmuRadix, KVM_CAP_PPC_MMU_RADIX);
SAME(Cap::kPpcMmuHashV3, KVM_CAP_PPC_MMU_HASH_V3);
SAME(Cap::kImmediateExit, KVM_CAP_IMMEDIATE_EXIT);
SAME(Cap::kPpcFwnmi, KVM_CAP_PPC_FWNMI);
SAME(Cap::kPpcSmtPossible, KVM_CAP_PPC_SMT_POSSIBLE);
SAME(Cap::kPpcGetCpuChar, KVM_CAP_PPC_GET_CPU_CHAR);
SAME(Cap::kPpcNestedHv, KVM_CAP_PPC_NESTED_HV);
SAME(Cap::kPpcIrqXive, KVM_CAP_PPC_IRQ_XIVE);
SAME(Cap::kPpcDawr1, KVM_CAP_PPC_DAWR1);
SAME(kRegArchCompat, KVM_REG_PPC_ARCH_COMPAT);
SAME(kMmuV3Radix, KVM_PPC_MMUV3_RADIX);
SAME(kMmuV3Gtse, KVM_PPC_MMUV3_GTSE);
SAME(kExitUnknown, KVM_EXIT_UNKNOWN);
SAME(kExitDebug, KVM_EXIT_DEBUG);
SAME(kExitMmio, KVM_EXIT_MMIO);
SAME(kExitFailEntry, KVM_EXIT_FAIL_ENTRY);
SAME(kExitIntr, KVM_EXIT_INTR);
SAME(kExitNmi, KVM_EXIT_NMI);
SAME(kExitInternalError, KVM_EXIT_INTERNAL_ERROR);
SAME(kExitPaprHcall, KVM_EXIT_PAPR_HCALL);
SAME(kExitSystemEvent, KVM_EXIT_SYSTEM_EVENT);
SAME(sizeof(Regs), sizeof(kvm_regs));
SAME(sizeof(Sregs), sizeof(kvm_sregs));
SAME(offsetof(Regs, msr), offsetof(kvm_regs, msr));
SAME(offsetof(Regs, gpr), offsetof(kvm_regs, gpr));
SAME(offsetof(Run, papr_hcall), offsetof(kvm_run, papr_hcall));
SAME(offsetof(Run, papr_hcall.ret), offsetof(kvm_run, papr_hcall.ret));
SAME(offsetof(Run, papr_hcall.args), offsetof(kvm_run, papr_hcall.args));
SAME(offsetof(Run, mmio.phys_addr), offsetof(kvm_run, mmio.phys_addr));
SAME(offsetof(Run, mmio.data), offsetof(kvm_run, mmio.data));
SAME(offsetof(Run, mmio.len), offsetof(kvm_run, mmio.len));
SAME(offsetof(Run, mmio.is_write), offsetof(kvm_run, mmio.is_write));
SAME(offsetof(Run, hw), offsetof(kvm_run, hw));
SAME(offsetof(Regs, pc), offsetof(kvm_regs, pc));
SAME(offsetof(Sregs, pvr), offsetof(kvm_sregs, pvr));
SAME(offsetof(Run, immediate_exit), offsetof(kvm_run, immediate_exit));
SAME(offsetof(Run, exit_reason), offsetof(kvm_run, exit_reason));

}  // namespace parley::kvm::abi
#endif
