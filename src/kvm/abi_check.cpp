// SPDX-License-Identifier: Apache-2.0
//
// Holds every number, field and ioctl name of abi.hpp and ioctls.hpp against the kernel's own headers, as far as these
// cover PowerPC. The build does so with the headers of its target, tests/uapi.py also with Debian's newest headers:
// a number that was in no header yet when it was written here has been wrong before. Items of newer kernels are checked
// where the headers have them; with PARLEY_NEWEST_HEADERS the headers must have all of them.
#if defined(__powerpc64__)
#include <linux/kvm.h>

#include "parley/kvm/abi.hpp"
#include "parley/kvm/ioctls.hpp"

namespace parley::kvm::abi {

#define SAME(ours, theirs) \
  static_assert(static_cast<unsigned long long>(ours) == static_cast<unsigned long long>(theirs))
#define CALL(ours, theirs) \
  SAME(ours, theirs);      \
  static_assert(kIoctl<ours>.name == #theirs, "its name in the table of ioctls")
#define FIELD(Ours, field, theirs, its_field)               \
  SAME(offsetof(Ours, field), offsetof(theirs, its_field)); \
  SAME(sizeof(Ours::field), sizeof(theirs::its_field))

SAME(kApiVersion, KVM_API_VERSION);
SAME(kVmHv, KVM_VM_PPC_HV);
SAME(kVmPr, KVM_VM_PPC_PR);

// --- Ioctls

CALL(kGetApiVersion, KVM_GET_API_VERSION);
CALL(kCreateVm, KVM_CREATE_VM);
CALL(kCheckExtension, KVM_CHECK_EXTENSION);
CALL(kGetVcpuMmapSize, KVM_GET_VCPU_MMAP_SIZE);
CALL(kCreateVcpu, KVM_CREATE_VCPU);
CALL(kSetUserMemoryRegion, KVM_SET_USER_MEMORY_REGION);
CALL(kIrqLine, KVM_IRQ_LINE);
CALL(kRun, KVM_RUN);
CALL(kGetRegs, KVM_GET_REGS);
CALL(kSetRegs, KVM_SET_REGS);
CALL(kGetSregs, KVM_GET_SREGS);
CALL(kEnableCap, KVM_ENABLE_CAP);
CALL(kGetSmmuInfo, KVM_PPC_GET_SMMU_INFO);
CALL(kAllocateHtab, KVM_PPC_ALLOCATE_HTAB);
CALL(kGetOneReg, KVM_GET_ONE_REG);
CALL(kSetOneReg, KVM_SET_ONE_REG);
CALL(kRtasDefineToken, KVM_PPC_RTAS_DEFINE_TOKEN);
CALL(kConfigureV3Mmu, KVM_PPC_CONFIGURE_V3_MMU);
CALL(kGetCpuChar, KVM_PPC_GET_CPU_CHAR);
CALL(kCreateDevice, KVM_CREATE_DEVICE);
CALL(kSetDeviceAttr, KVM_SET_DEVICE_ATTR);

// --- Capabilities

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
SAME(Cap::kPpcRptInvalidate, KVM_CAP_PPC_RPT_INVALIDATE);
SAME(Cap::kPpcAilMode3, KVM_CAP_PPC_AIL_MODE_3);

// --- Registers, devices, modes

SAME(kRegArchCompat, KVM_REG_PPC_ARCH_COMPAT);
SAME(kRegLpcr, KVM_REG_PPC_LPCR_64);
SAME(kDeviceXics, KVM_DEV_TYPE_XICS);
SAME(kXicsGroupSources, KVM_DEV_XICS_GRP_SOURCES);
SAME(kXicsPriorityShift, KVM_XICS_PRIORITY_SHIFT);
SAME(kXicsMasked, KVM_XICS_MASKED);
SAME(kSmmuTerabyteSegments, KVM_PPC_1T_SEGMENTS);
SAME(kMmuV3Radix, KVM_PPC_MMUV3_RADIX);
SAME(kMmuV3Gtse, KVM_PPC_MMUV3_GTSE);

// --- Exit reasons

SAME(kExitUnknown, KVM_EXIT_UNKNOWN);
SAME(kExitDebug, KVM_EXIT_DEBUG);
SAME(kExitMmio, KVM_EXIT_MMIO);
SAME(kExitFailEntry, KVM_EXIT_FAIL_ENTRY);
SAME(kExitIntr, KVM_EXIT_INTR);
SAME(kExitNmi, KVM_EXIT_NMI);
SAME(kExitInternalError, KVM_EXIT_INTERNAL_ERROR);
SAME(kExitPaprHcall, KVM_EXIT_PAPR_HCALL);
SAME(kExitSystemEvent, KVM_EXIT_SYSTEM_EVENT);

// --- Structures

SAME(sizeof(MemoryRegion), sizeof(kvm_userspace_memory_region));
FIELD(MemoryRegion, slot, kvm_userspace_memory_region, slot);
FIELD(MemoryRegion, flags, kvm_userspace_memory_region, flags);
FIELD(MemoryRegion, guest_phys_addr, kvm_userspace_memory_region, guest_phys_addr);
FIELD(MemoryRegion, memory_size, kvm_userspace_memory_region, memory_size);
FIELD(MemoryRegion, userspace_addr, kvm_userspace_memory_region, userspace_addr);

SAME(sizeof(EnableCap), sizeof(kvm_enable_cap));
FIELD(EnableCap, cap, kvm_enable_cap, cap);
FIELD(EnableCap, flags, kvm_enable_cap, flags);
FIELD(EnableCap, args, kvm_enable_cap, args);
FIELD(EnableCap, pad, kvm_enable_cap, pad);

SAME(sizeof(OneReg), sizeof(kvm_one_reg));
FIELD(OneReg, id, kvm_one_reg, id);
FIELD(OneReg, addr, kvm_one_reg, addr);

SAME(sizeof(Regs), sizeof(kvm_regs));
FIELD(Regs, pc, kvm_regs, pc);
FIELD(Regs, cr, kvm_regs, cr);
FIELD(Regs, ctr, kvm_regs, ctr);
FIELD(Regs, lr, kvm_regs, lr);
FIELD(Regs, xer, kvm_regs, xer);
FIELD(Regs, msr, kvm_regs, msr);
FIELD(Regs, srr0, kvm_regs, srr0);
FIELD(Regs, srr1, kvm_regs, srr1);
FIELD(Regs, pid, kvm_regs, pid);
SAME(offsetof(Regs, sprg), offsetof(kvm_regs, sprg0));
SAME(offsetof(Regs, sprg) + sizeof(Regs::sprg), offsetof(kvm_regs, sprg7) + sizeof(kvm_regs::sprg7));
FIELD(Regs, gpr, kvm_regs, gpr);

SAME(sizeof(Sregs), sizeof(kvm_sregs));
FIELD(Sregs, pvr, kvm_sregs, pvr);
SAME(offsetof(Sregs, rest) + sizeof(Sregs::rest), sizeof(kvm_sregs));

SAME(sizeof(MmuV3Config), sizeof(kvm_ppc_mmuv3_cfg));
FIELD(MmuV3Config, flags, kvm_ppc_mmuv3_cfg, flags);
FIELD(MmuV3Config, process_table, kvm_ppc_mmuv3_cfg, process_table);

SAME(sizeof(PageEncoding), sizeof(kvm_ppc_one_page_size));
FIELD(PageEncoding, page_shift, kvm_ppc_one_page_size, page_shift);
FIELD(PageEncoding, pte_enc, kvm_ppc_one_page_size, pte_enc);

SAME(sizeof(SegmentPages), sizeof(kvm_ppc_one_seg_page_size));
FIELD(SegmentPages, page_shift, kvm_ppc_one_seg_page_size, page_shift);
FIELD(SegmentPages, slb_enc, kvm_ppc_one_seg_page_size, slb_enc);
FIELD(SegmentPages, enc, kvm_ppc_one_seg_page_size, enc);

SAME(sizeof(SmmuInfo), sizeof(kvm_ppc_smmu_info));
FIELD(SmmuInfo, flags, kvm_ppc_smmu_info, flags);
FIELD(SmmuInfo, slb_size, kvm_ppc_smmu_info, slb_size);
FIELD(SmmuInfo, data_keys, kvm_ppc_smmu_info, data_keys);
FIELD(SmmuInfo, instr_keys, kvm_ppc_smmu_info, instr_keys);
FIELD(SmmuInfo, sps, kvm_ppc_smmu_info, sps);

SAME(sizeof(CreateDevice), sizeof(kvm_create_device));
FIELD(CreateDevice, type, kvm_create_device, type);
FIELD(CreateDevice, fd, kvm_create_device, fd);
FIELD(CreateDevice, flags, kvm_create_device, flags);

SAME(sizeof(DeviceAttr), sizeof(kvm_device_attr));
FIELD(DeviceAttr, flags, kvm_device_attr, flags);
FIELD(DeviceAttr, group, kvm_device_attr, group);
FIELD(DeviceAttr, attr, kvm_device_attr, attr);
FIELD(DeviceAttr, addr, kvm_device_attr, addr);

SAME(sizeof(IrqLevel), sizeof(kvm_irq_level));
FIELD(IrqLevel, irq, kvm_irq_level, irq);
FIELD(IrqLevel, level, kvm_irq_level, level);

SAME(sizeof(RtasToken), sizeof(kvm_rtas_token_args));
FIELD(RtasToken, name, kvm_rtas_token_args, name);
FIELD(RtasToken, token, kvm_rtas_token_args, token);

SAME(sizeof(CpuChar), sizeof(kvm_ppc_cpu_char));
FIELD(CpuChar, character, kvm_ppc_cpu_char, character);
FIELD(CpuChar, behaviour, kvm_ppc_cpu_char, behaviour);
FIELD(CpuChar, character_mask, kvm_ppc_cpu_char, character_mask);
FIELD(CpuChar, behaviour_mask, kvm_ppc_cpu_char, behaviour_mask);

// Some headers wrap single fields in a union. The kernel's struct may be longer than ours.
FIELD(Run, request_interrupt_window, kvm_run, request_interrupt_window);
SAME(offsetof(Run, immediate_exit), offsetof(kvm_run, immediate_exit));
FIELD(Run, padding1, kvm_run, padding1);
FIELD(Run, exit_reason, kvm_run, exit_reason);
FIELD(Run, ready_for_interrupt_injection, kvm_run, ready_for_interrupt_injection);
FIELD(Run, if_flag, kvm_run, if_flag);
FIELD(Run, flags, kvm_run, flags);
FIELD(Run, cr8, kvm_run, cr8);
FIELD(Run, apic_base, kvm_run, apic_base);
FIELD(Run, hw.hardware_exit_reason, kvm_run, hw.hardware_exit_reason);
FIELD(Run, fail_entry.hardware_entry_failure_reason, kvm_run, fail_entry.hardware_entry_failure_reason);
FIELD(Run, fail_entry.cpu, kvm_run, fail_entry.cpu);
FIELD(Run, mmio.phys_addr, kvm_run, mmio.phys_addr);
FIELD(Run, mmio.data, kvm_run, mmio.data);
FIELD(Run, mmio.len, kvm_run, mmio.len);
FIELD(Run, mmio.is_write, kvm_run, mmio.is_write);
FIELD(Run, papr_hcall.nr, kvm_run, papr_hcall.nr);
FIELD(Run, papr_hcall.ret, kvm_run, papr_hcall.ret);
FIELD(Run, papr_hcall.args, kvm_run, papr_hcall.args);

// --- Linux 7.3

#if defined(KVM_CAP_PPC_COMPAT_CAPS) || defined(PARLEY_NEWEST_HEADERS)
SAME(Cap::kPpcCompatCaps, KVM_CAP_PPC_COMPAT_CAPS);
CALL(kGetCompatCaps, KVM_PPC_GET_COMPAT_CAPS);
SAME(sizeof(CompatCaps), sizeof(kvm_ppc_compat_caps));
SAME(sizeof(CompatCaps), KVM_PPC_COMPAT_CAPS_SIZE_VER0);
FIELD(CompatCaps, size, kvm_ppc_compat_caps, size);
FIELD(CompatCaps, flags, kvm_ppc_compat_caps, flags);
FIELD(CompatCaps, compat_capabilities, kvm_ppc_compat_caps, compat_capabilities);
SAME(kCompatPower9, KVM_PPC_COMPAT_CAP_POWER9);
SAME(kCompatPower10, KVM_PPC_COMPAT_CAP_POWER10);
SAME(kCompatPower11, KVM_PPC_COMPAT_CAP_POWER11);
#endif

}  // namespace parley::kvm::abi
#endif
