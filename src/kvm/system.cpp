// SPDX-License-Identifier: Apache-2.0
//
// /dev/kvm and virtual machines: the ioctls of KVM's system and VM descriptors (Documentation/virt/kvm/api.rst).
//
// KVM on POWER expects a certain order. The capabilities are queried on the system; the required ones come first in the
// list below, each with the message for hosts without it. KVM_CREATE_VM takes the backend as its type: HV runs guests
// in the processor's guest mode, PR emulates in problem state and has no arch_compat. Memory is mapped before the guest
// runs. The translation mode (KVM_PPC_CONFIGURE_V3_MMU) is set while no vCPU runs. The XICS is created before vCPUs are
// connected to it, and its sources stay masked until the guest unmasks them, because their server may not exist yet.
//
// A VM's descriptor keeps the VM alive, and so does each descriptor made from it: vCPUs and the XICS may be closed in
// any order.
#include "parley/kvm/system.hpp"

#include <array>
#include <cerrno>

#include "parley/base/try.hpp"

namespace parley::kvm {
namespace {

constexpr std::array kCapabilities{
    CapabilityInfo{abi::Cap::kPpcPapr, "KVM_CAP_PPC_PAPR", "this KVM cannot run PAPR guests"},
    CapabilityInfo{abi::Cap::kOneReg, "KVM_CAP_ONE_REG", "this KVM cannot set a level: it has no one_reg interface"},
    CapabilityInfo{abi::Cap::kUserMemory, "KVM_CAP_USER_MEMORY", "this KVM cannot use memory of user space"},
    CapabilityInfo{abi::Cap::kImmediateExit, "KVM_CAP_IMMEDIATE_EXIT",
                   "this KVM cannot be interrupted reliably (Linux before 4.11)"},
    CapabilityInfo{abi::Cap::kIrqXics, "KVM_CAP_IRQ_XICS",
                   "this KVM does not emulate the interrupt controller (CONFIG_KVM_XICS)"},
    CapabilityInfo{abi::Cap::kPpcRtas, "KVM_CAP_PPC_RTAS",
                   "this KVM does not handle the RTAS calls of its interrupt controller (Linux before 3.10)"},
    CapabilityInfo{abi::Cap::kNrVcpus, "KVM_CAP_NR_VCPUS", ""},
    CapabilityInfo{abi::Cap::kMaxVcpus, "KVM_CAP_MAX_VCPUS", ""},
    CapabilityInfo{abi::Cap::kPpcSmt, "KVM_CAP_PPC_SMT", ""},
    CapabilityInfo{abi::Cap::kPpcSmtPossible, "KVM_CAP_PPC_SMT_POSSIBLE", ""},
    CapabilityInfo{abi::Cap::kPpcIrqXive, "KVM_CAP_PPC_IRQ_XIVE", ""},
    CapabilityInfo{abi::Cap::kEnableCapVm, "KVM_CAP_ENABLE_CAP_VM", ""},
    CapabilityInfo{abi::Cap::kPpcEnableHcall, "KVM_CAP_PPC_ENABLE_HCALL", ""},
    CapabilityInfo{abi::Cap::kPpcHtm, "KVM_CAP_PPC_HTM", ""},
    CapabilityInfo{abi::Cap::kPpcMmuRadix, "KVM_CAP_PPC_MMU_RADIX", ""},
    CapabilityInfo{abi::Cap::kPpcMmuHashV3, "KVM_CAP_PPC_MMU_HASH_V3", ""},
    CapabilityInfo{abi::Cap::kPpcFwnmi, "KVM_CAP_PPC_FWNMI", ""},
    CapabilityInfo{abi::Cap::kPpcGetCpuChar, "KVM_CAP_PPC_GET_CPU_CHAR", ""},
    CapabilityInfo{abi::Cap::kPpcNestedHv, "KVM_CAP_PPC_NESTED_HV", ""},
    CapabilityInfo{abi::Cap::kPpcDawr1, "KVM_CAP_PPC_DAWR1", ""},
    CapabilityInfo{abi::Cap::kPpcRptInvalidate, "KVM_CAP_PPC_RPT_INVALIDATE", ""},
    CapabilityInfo{abi::Cap::kPpcAilMode3, "KVM_CAP_PPC_AIL_MODE_3", ""},
    CapabilityInfo{abi::Cap::kPpcCompatCaps, "KVM_CAP_PPC_COMPAT_CAPS", ""},
};

OpenError::Kind kind_of_open_error(int error) {
  switch (error) {
    case ENOENT:
    case ENXIO:
    case ENODEV:
      return OpenError::Kind::kAbsent;
    case EACCES:
    case EPERM:
      return OpenError::Kind::kNoPermission;
    default:
      return OpenError::Kind::kUnusable;
  }
}

}  // namespace

std::span<const CapabilityInfo> capabilities() { return kCapabilities; }

std::expected<System, OpenError> System::open(Kernel &kernel) {
  const auto fd = kernel.open("/dev/kvm");
  if (!fd) return std::unexpected(OpenError{kind_of_open_error(fd.error()), {"open /dev/kvm", fd.error()}});
  Descriptor descriptor(kernel, *fd);
  const auto version = descriptor.call<abi::kGetApiVersion>();
  if (!version) return std::unexpected(OpenError{OpenError::Kind::kUnusable, version.error()});
  if (*version != abi::kApiVersion) {
    return std::unexpected(
        OpenError{OpenError::Kind::kWrongApi, {"KVM_GET_API_VERSION says " + std::to_string(*version), EPROTO}});
  }
  return System(std::move(descriptor));
}

std::expected<int, CallError> System::check(const CapabilityInfo &capability) const {
  return descriptor_.call<abi::kCheckExtension>(static_cast<unsigned long>(capability.cap), capability.name);
}

std::expected<Vm, CallError> System::create_vm(unsigned long type) const {
  const int run_size = TRY(descriptor_.call<abi::kGetVcpuMmapSize>());
  const int fd = TRY(descriptor_.call<abi::kCreateVm>(type, type == abi::kVmPr ? "(PR)" : "(HV)"));
  Descriptor descriptor(descriptor_.kernel(), fd);
  if (static_cast<std::size_t>(run_size) < sizeof(abi::Run))
    return std::unexpected(CallError{"KVM_GET_VCPU_MMAP_SIZE says " + std::to_string(run_size), EPROTO});
  return Vm(std::move(descriptor), static_cast<std::size_t>(run_size));
}

std::expected<Vcpu, CallError> Vm::create_vcpu(VcpuId id) {
  const int fd = TRY(descriptor_.call<abi::kCreateVcpu>(id.value));
  Descriptor descriptor(descriptor_.kernel(), fd);
  Mapping run = TRY(Mapping::of(descriptor, run_size_));
  return Vcpu(std::move(descriptor), std::move(run));
}

std::expected<int, CallError> Vm::map_memory(GuestAddress at, std::span<std::byte> memory, std::uint32_t slot) {
  const abi::MemoryRegion region{slot, 0, at.value, memory.size(), reinterpret_cast<std::uint64_t>(memory.data())};
  return descriptor_.call<abi::kSetUserMemoryRegion>(region);
}

std::expected<int, CallError> Vm::configure_radix() { return set_process_table(abi::kProcessTableRadix, true); }

std::expected<int, CallError> Vm::configure_hash(std::uint32_t order) {
  TRY(descriptor_.call<abi::kConfigureV3Mmu>({}));
  return descriptor_.call<abi::kAllocateHtab>(order);
}

std::expected<abi::SmmuInfo, CallError> Vm::hash_info() const {
  abi::SmmuInfo info{};
  TRY(descriptor_.call<abi::kGetSmmuInfo>(info));
  return info;
}

std::expected<int, CallError> Vm::set_process_table(std::uint64_t entry, bool gtse) {
  const abi::MmuV3Config config{abi::kMmuV3Radix | (gtse ? abi::kMmuV3Gtse : 0), entry};
  return descriptor_.call<abi::kConfigureV3Mmu>(config);
}

std::expected<int, CallError> Vm::set_threads_per_core(unsigned threads) {
  const abi::EnableCap argument{static_cast<std::uint32_t>(abi::Cap::kPpcSmt), 0, {threads, 0, 0, 0}, {}};
  return descriptor_.call<abi::kEnableCap>(argument, "KVM_CAP_PPC_SMT");
}

std::expected<int, CallError> Vm::enable_nested_hv() {
  const abi::EnableCap argument{static_cast<std::uint32_t>(abi::Cap::kPpcNestedHv), 0, {1, 0, 0, 0}, {}};
  return descriptor_.call<abi::kEnableCap>(argument, "KVM_CAP_PPC_NESTED_HV");
}

std::expected<int, CallError> Vm::enable_hcall(std::uint64_t number) {
  const abi::EnableCap argument{static_cast<std::uint32_t>(abi::Cap::kPpcEnableHcall), 0, {number, 1, 0, 0}, {}};
  return descriptor_.call<abi::kEnableCap>(argument, "KVM_CAP_PPC_ENABLE_HCALL");
}

std::expected<int, CallError> Vm::define_rtas_token(std::string_view name, std::uint32_t token) {
  abi::RtasToken argument{{}, token};
  name.copy(argument.name, sizeof argument.name - 1);
  return descriptor_.call<abi::kRtasDefineToken>(argument);
}

std::expected<Xics, CallError> Vm::create_xics() {
  abi::CreateDevice device{abi::kDeviceXics, 0, 0};
  TRY(descriptor_.call<abi::kCreateDevice>(device, "(XICS)"));
  return Xics(Descriptor(descriptor_.kernel(), static_cast<int>(device.fd)));
}

std::expected<int, CallError> Vm::pulse(std::uint32_t source) {
  const abi::IrqLevel edge{source, 1};  // an edge-triggered source ignores the falling edge
  return descriptor_.call<abi::kIrqLine>(edge);
}

std::expected<abi::CpuChar, CallError> Vm::cpu_characteristics() const {
  abi::CpuChar characteristics{};
  TRY(descriptor_.call<abi::kGetCpuChar>(characteristics));
  return characteristics;
}

std::expected<int, CallError> Xics::add_source(std::uint32_t number) {
  constexpr std::uint64_t kLeastFavoured = 0xff;
  const std::uint64_t state = kLeastFavoured << abi::kXicsPriorityShift | abi::kXicsMasked;  // of server 0
  const abi::DeviceAttr attribute{0, abi::kXicsGroupSources, number, reinterpret_cast<std::uint64_t>(&state)};
  return descriptor_.call<abi::kSetDeviceAttr>(attribute, "(XICS source)");
}

std::expected<std::uint64_t, CallError> Vm::compat_capabilities() const {
  abi::CompatCaps caps{sizeof(abi::CompatCaps), 0, 0};
  TRY(descriptor_.call<abi::kGetCompatCaps>(caps));
  return caps.compat_capabilities;
}

}  // namespace parley::kvm
