// SPDX-License-Identifier: Apache-2.0
//
// The ioctls of the fake KVM, by the descriptor that they are made on: the system, a VM, its XICS, a vCPU.
#include <cerrno>
#include <set>
#include <string>
#include <utility>

#include "fake_kvm.hpp"

namespace parley::testing {

namespace abi = kvm::abi;

namespace {

constexpr std::size_t kRunSize = 64 * 1024;

std::unexpected<int> error(int number) { return std::unexpected(number); }

template <typename T>
T &at(unsigned long argument) {
  return *reinterpret_cast<T *>(argument);
}

}  // namespace

// Documentation/virt/kvm/devices/xics.rst
std::expected<int, int> FakeKvm::xics_ioctl(std::uint32_t request, unsigned long argument) {
  if (request != abi::kSetDeviceAttr) return error(ENOTTY);
  const auto &attribute = at<abi::DeviceAttr>(argument);
  if (attribute.group != abi::kXicsGroupSources || attribute.attr < 16) return error(ENOENT);
  const auto state = *reinterpret_cast<const std::uint64_t *>(attribute.addr);
  // A source with a priority below 0xff needs an existing server (xics_set_source).
  if ((state >> abi::kXicsPriorityShift & 0xff) != 0xff && !vcpus_.contains(static_cast<std::uint32_t>(state)))
    return error(EINVAL);
  sources_.insert(static_cast<std::uint32_t>(attribute.attr));
  return 0;
}

std::expected<int, int> FakeKvm::system_ioctl(std::uint32_t request, unsigned long argument) {
  switch (request) {
    case abi::kGetApiVersion:
      return host_.api_version;
    case abi::kCheckExtension:
      return capability(static_cast<abi::Cap>(argument));
    case abi::kGetVcpuMmapSize:
      return static_cast<int>(kRunSize);
    case abi::kCreateVm:
      return create_vm(argument);
    case abi::kGetCompatCaps:
      return error(host_.compat_caps ? EINVAL : ENOTTY);  // an ioctl of VMs only
    default:
      return error(ENOTTY);
  }
}

std::expected<int, int> FakeKvm::create_vm(unsigned long type) {
  has_vcpu_ = false;
  threads_per_core_ = 1;
  nested_ = false;
  const bool hv = type == abi::kVmHv && host_.backend == Backend::kHv;
  const bool pr = type == abi::kVmPr && host_.backend == Backend::kPr;
  if (!hv && !pr) return error(EINVAL);
  is_hash_ = false;
  return new_descriptor(Kind::kVm);
}

int FakeKvm::capability(abi::Cap cap) const {
  if (host_.backend == Backend::kNone || cap == host_.lacks) return 0;
  switch (cap) {
    case abi::Cap::kPpcNestedHv:
      return host_.api != Api::kNestedV2 && host_.backend == Backend::kHv;
    case abi::Cap::kPpcIrqXive:
    case abi::Cap::kPpcMmuHashV3:
      return host_.api == Api::kBareMetal;
    case abi::Cap::kPpcCompatCaps:
      return host_.compat_caps.has_value();
    case abi::Cap::kPpcMmuRadix:
      return host_.backend == Backend::kHv;
    case abi::Cap::kPpcHtm:
      return 0;
    default:
      return 1;
  }
}

std::expected<int, int> FakeKvm::vm_ioctl(int vm, std::uint32_t request, unsigned long argument) {
  switch (request) {
    case abi::kCreateVcpu:
      return create_vcpu(static_cast<std::uint32_t>(argument));
    case abi::kCreateDevice:
      return create_device(at<abi::CreateDevice>(argument));
    case abi::kEnableCap:
      return enable_vm_cap(at<abi::EnableCap>(argument));
    case abi::kRtasDefineToken:
      return define_rtas_token(at<abi::RtasToken>(argument));
    case abi::kIrqLine:
      return pulse(at<abi::IrqLevel>(argument));
    case abi::kGetCpuChar:
      at<abi::CpuChar>(argument) = {
          .character = 0xf0f, .behaviour = 0xff, .character_mask = 0xfff, .behaviour_mask = 0xf};
      return 0;
    case abi::kSetUserMemoryRegion:
      return set_memory_region(vm, at<abi::MemoryRegion>(argument));
    case abi::kConfigureV3Mmu:
      return configure_mmu(at<abi::MmuV3Config>(argument));
    case abi::kGetSmmuInfo:
      return hash_info(at<abi::SmmuInfo>(argument));
    case abi::kAllocateHtab:
      return allocate_hash_table(at<std::uint32_t>(argument));
    case abi::kGetCompatCaps:
      return compat_caps(at<abi::CompatCaps>(argument));
    default:
      return error(ENOTTY);
  }
}

// virt/kvm/kvm_main.c, __kvm_set_memory_region, as far as Parley uses it: slots are never deleted or moved.
std::expected<int, int> FakeKvm::set_memory_region(int vm, const abi::MemoryRegion &region) {
  if (region.memory_size == 0 || region.memory_size % page_size() != 0 || region.guest_phys_addr % page_size() != 0)
    return error(EINVAL);
  auto &slots = regions_[vm];
  for (const auto &[slot, other] : slots) {
    const bool apart = region.guest_phys_addr + region.memory_size <= other.guest_phys_addr ||
                       other.guest_phys_addr + other.memory_size <= region.guest_phys_addr;
    if (slot == region.slot) return error(EINVAL);
    if (!apart) return error(EEXIST);
  }
  slots[region.slot] = region;
  ram_[region.slot] = {reinterpret_cast<std::byte *>(region.userspace_addr), region.memory_size};
  return 0;
}

std::expected<int, int> FakeKvm::create_vcpu(std::uint32_t id) {
  vcpus_[id] = {};
  has_vcpu_ = true;
  const auto fd = new_descriptor(Kind::kVcpu);
  vcpu_of_[*fd] = id;
  return fd;
}

std::expected<int, int> FakeKvm::create_device(abi::CreateDevice &device) {
  if (device.type != abi::kDeviceXics) return error(ENODEV);
  device.fd = static_cast<std::uint32_t>(*new_descriptor(Kind::kXics));
  return 0;
}

// As measured on Linux 7.2, on bare metal and in partitions.
std::expected<int, int> FakeKvm::enable_vm_cap(const abi::EnableCap &cap) {
  switch (static_cast<abi::Cap>(cap.cap)) {
    case abi::Cap::kPpcEnableHcall:
      enabled_hcalls_.insert(cap.args[0]);
      return 0;
    case abi::Cap::kPpcSmt:
      if (cap.args[1] != 0 || cap.args[0] > 8 || !std::has_single_bit(cap.args[0])) return error(EINVAL);
      if (has_vcpu_) return error(EBUSY);
      threads_per_core_ = cap.args[0];
      return 0;
    case abi::Cap::kPpcNestedHv:
      if (host_.api == Api::kNestedV2) return error(ENODEV);
      nested_ = true;
      return 0;
    default:
      return error(EINVAL);
  }
}

std::expected<int, int> FakeKvm::define_rtas_token(const abi::RtasToken &token) {
  const std::set<std::string> known{"ibm,set-xive", "ibm,get-xive", "ibm,int-off", "ibm,int-on"};
  if (!known.contains(token.name)) return error(ENOENT);
  rtas_tokens_[token.name] = token.token;
  return 0;
}

std::expected<int, int> FakeKvm::pulse(const abi::IrqLevel &irq) {
  if (!sources_.contains(irq.irq)) return error(EINVAL);
  pulses_.push_back(irq.irq);
  return 0;
}

std::expected<int, int> FakeKvm::configure_mmu(const abi::MmuV3Config &config) {
  const bool radix = (config.flags & abi::kMmuV3Radix) != 0;
  const bool consistent = radix == ((config.process_table & abi::kProcessTableRadix) != 0);
  if (!consistent || (!radix && host_.api != Api::kBareMetal)) return error(EINVAL);
  process_table_ = config.process_table;
  is_hash_ = !radix;
  return 0;
}

// As measured on Linux 7.2 on bare metal: a table has at least 2^18 and at most 2^46 bytes, and the call leaves radix.
std::expected<int, int> FakeKvm::allocate_hash_table(std::uint32_t order) {
  if (order < 18 || order > 46) return error(EINVAL);
  is_hash_ = true;
  hash_tables_.push_back(order);
  return 0;
}

// As measured on Linux 7.2 on bare metal, the POWER9 and the POWER10.
std::expected<int, int> FakeKvm::hash_info(abi::SmmuInfo &info) const {
  info = {.flags = 3, .slb_size = 32, .data_keys = 32, .instr_keys = 32, .sps = {}};
  info.sps[0] = {12, 0, {{12, 0}, {24, 0x38}}};
  info.sps[1] = {16, 0x110, {{16, 1}, {24, 8}}};
  info.sps[2] = {24, 0x100, {{24, 0}}};
  return 0;
}

// As measured on Linux 7.3: a larger struct is accepted; its size field then holds the size that the kernel knows.
std::expected<int, int> FakeKvm::compat_caps(abi::CompatCaps &caps) const {
  if (!host_.compat_caps) return error(ENOTTY);
  if (caps.size < sizeof(abi::CompatCaps) || caps.flags != 0) return error(EINVAL);
  caps.size = sizeof(abi::CompatCaps);
  caps.compat_capabilities = *host_.compat_caps;
  return 0;
}

std::expected<int, int> FakeKvm::enable_vcpu_cap(VcpuState &vcpu, const abi::EnableCap &cap) {
  if (cap.cap == static_cast<std::uint32_t>(abi::Cap::kPpcPapr)) vcpu.papr = true;
  if (cap.cap == static_cast<std::uint32_t>(abi::Cap::kIrqXics)) vcpu.connected = true;
  if (!sane(vcpu)) return error(EINVAL);  // the capability stays enabled
  return 0;
}

std::expected<int, int> FakeKvm::one_reg(VcpuState &vcpu, std::uint32_t request, const abi::OneReg &reg) {
  if (reg.id == abi::kRegLpcr) {
    auto &value = *reinterpret_cast<std::uint64_t *>(reg.addr);
    std::swap(value, vcpu.lpcr);
    if (request == abi::kGetOneReg) vcpu.lpcr = value;
    return 0;
  }
  if (reg.id != abi::kRegArchCompat || host_.backend == Backend::kPr) return error(EINVAL);
  auto &value = *reinterpret_cast<std::uint32_t *>(reg.addr);
  if (request == abi::kSetOneReg) return set_arch_compat(vcpu, value);
  value = read_arch_compat(vcpu);
  return 0;
}

std::expected<int, int> FakeKvm::vcpu_ioctl(VcpuState &vcpu, std::uint32_t request, unsigned long argument) {
  switch (request) {
    case abi::kEnableCap:
      return enable_vcpu_cap(vcpu, at<abi::EnableCap>(argument));
    case abi::kSetRegs:
      vcpu.regs = at<abi::Regs>(argument);
      return 0;
    case abi::kGetRegs:
      at<abi::Regs>(argument) = vcpu.regs;
      return 0;
    case abi::kGetSregs:
      at<abi::Sregs>(argument).pvr = host_.pvr.value;
      return 0;
    case abi::kGetOneReg:
    case abi::kSetOneReg:
      return one_reg(vcpu, request, at<abi::OneReg>(argument));
    case abi::kGetCompatCaps:
      return error(host_.compat_caps ? EINVAL : ENOTTY);  // an ioctl of VMs only
    default:
      return error(ENOTTY);
  }
}

}  // namespace parley::testing
