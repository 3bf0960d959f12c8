// SPDX-License-Identifier: Apache-2.0
#include "fake_kvm.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <utility>

#include "parley/base/bytes.hpp"
#include "parley/papr/hcall.hpp"
#include "parley/papr/rtas.hpp"

namespace parley::testing {

namespace abi = kvm::abi;

namespace {

constexpr std::uint32_t kInvalid = 0xffffffff;
constexpr std::size_t kRunSize = 64 * 1024;

// The PCR bits that the kernel compares (asm/reg.h, PCR_ARCH_*).
constexpr std::uint32_t kArch205 = 0x02;
constexpr std::uint32_t kArch206 = 0x04;
constexpr std::uint32_t kArch207 = 0x08;
constexpr std::uint32_t kArch300 = 0x10;
constexpr std::uint32_t kArch31 = 0x20;

std::unexpected<int> error(int number) { return std::unexpected(number); }

template <typename T>
T &at(unsigned long argument) {
  return *reinterpret_cast<T *>(argument);
}

std::uint32_t kind_of_call(std::uint32_t request, unsigned long argument) {
  const bool one_reg = request == abi::kGetOneReg || request == abi::kSetOneReg;
  if (!one_reg || at<abi::OneReg>(argument).id != abi::kRegLpcr) return request;
  return request == abi::kGetOneReg ? FakeKvm::kGetLpcr : FakeKvm::kSetLpcr;
}

}  // namespace

std::optional<int> FakeKvm::planned_failure(std::uint32_t request) {
  const auto found = failures_.find({request, ++calls_[request]});
  if (found == failures_.end()) return std::nullopt;
  return found->second;
}

int FakeKvm::times(std::uint32_t request) const {
  const auto found = calls_.find(request);
  return found == calls_.end() ? 0 : found->second;
}

std::expected<int, int> FakeKvm::new_descriptor(Kind kind) {
  descriptors_[next_fd_] = kind;
  return next_fd_++;
}

std::expected<int, int> FakeKvm::open(const char *) {
  if (const auto failure = planned_failure(kOpen)) return error(*failure);
  return new_descriptor(Kind::kSystem);
}

void FakeKvm::close(int fd) {
  if (descriptors_.erase(fd) != 1) throw std::logic_error("closed a descriptor that is not open");
}

std::expected<void *, int> FakeKvm::mmap(std::size_t length, int fd) {
  if (const auto failure = planned_failure(kMmap)) return error(*failure);
  std::vector<std::byte> memory(length);
  void *address = memory.data();
  mappings_[address] = std::move(memory);
  if (fd >= 0) vcpu(vcpu_of_.at(fd)).run = static_cast<abi::Run *>(address);
  return address;
}

std::expected<void, int> FakeKvm::mmap_file(void *at_address, std::size_t length, int fd, std::uint64_t offset) {
  if (const auto failure = planned_failure(kMmapFile)) return error(*failure);
  if (reinterpret_cast<std::uintptr_t>(at_address) % 16 != 0 || length % page_size() != 0 || offset % page_size() != 0)
    throw std::logic_error("a mapping that is not aligned");
  const ssize_t count = ::pread(fd, at_address, length, static_cast<off_t>(offset));
  if (count != static_cast<ssize_t>(length)) return error(EIO);
  mapped_from_files_ += length;
  return {};
}

void FakeKvm::munmap(void *address, std::size_t length) {
  const auto found = mappings_.find(address);
  if (found == mappings_.end() || found->second.size() != length) throw std::logic_error("unmapped what is not mapped");
  mappings_.erase(found);
}

std::expected<int, int> FakeKvm::ioctl(int fd, std::uint32_t request, unsigned long argument) {
  if (request == abi::kRun) return run(vcpu_of_.at(fd));
  const std::lock_guard lock(mutex_);
  const auto descriptor = descriptors_.find(fd);
  if (descriptor == descriptors_.end()) return error(EBADF);
  if (const auto failure = planned_failure(kind_of_call(request, argument))) return error(*failure);
  switch (descriptor->second) {
    case Kind::kSystem:
      return system_ioctl(request, argument);
    case Kind::kVm:
      return vm_ioctl(request, argument);
    case Kind::kXics:
      return xics_ioctl(request, argument);
    case Kind::kVcpu:
      break;
  }
  return vcpu_ioctl(vcpu(vcpu_of_.at(fd)), request, argument);
}

// Documentation/virt/kvm/devices/xics.rst
std::expected<int, int> FakeKvm::xics_ioctl(std::uint32_t request, unsigned long argument) {
  if (request != abi::kSetDeviceAttr) return error(ENOTTY);
  const auto &attribute = at<abi::DeviceAttr>(argument);
  if (attribute.group != abi::kXicsGroupSources || attribute.attr < 16) return error(ENOENT);
  const auto state = *reinterpret_cast<const std::uint64_t *>(attribute.addr);
  // Unless it is masked for good, its server must be there (xics_set_source).
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
      return error(host_.compat_caps ? EINVAL : ENOTTY);  // it is a VM's
    default:
      return error(ENOTTY);
  }
}

std::expected<int, int> FakeKvm::create_vm(unsigned long type) {
  const bool hv = type == abi::kVmHv && host_.backend == Backend::kHv;
  const bool pr = type == abi::kVmPr && host_.backend == Backend::kPr;
  if (!hv && !pr) return error(EINVAL);
  return new_descriptor(Kind::kVm);
}

int FakeKvm::capability(abi::Cap cap) const {
  if (host_.backend == Backend::kNone || cap == host_.lacks) return 0;
  switch (cap) {
    case abi::Cap::kPpcNestedHv:
      return host_.api != Api::kNestedV2 && host_.backend == Backend::kHv;
    case abi::Cap::kPpcIrqXive:
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

std::expected<int, int> FakeKvm::vm_ioctl(std::uint32_t request, unsigned long argument) {
  switch (request) {
    case abi::kCreateVcpu: {
      const auto id = static_cast<std::uint32_t>(argument);
      vcpus_[id] = {};
      const auto fd = new_descriptor(Kind::kVcpu);
      vcpu_of_[*fd] = id;
      return fd;
    }
    case abi::kCreateDevice: {
      auto &device = at<abi::CreateDevice>(argument);
      if (device.type != abi::kDeviceXics) return error(ENODEV);
      device.fd = static_cast<std::uint32_t>(*new_descriptor(Kind::kXics));
      return 0;
    }
    case abi::kEnableCap: {
      const auto &cap = at<abi::EnableCap>(argument);
      if (cap.cap != static_cast<std::uint32_t>(abi::Cap::kPpcEnableHcall)) return error(EINVAL);
      enabled_hcalls_.insert(cap.args[0]);
      return 0;
    }
    case abi::kRtasDefineToken: {
      const auto &token = at<abi::RtasToken>(argument);
      const std::set<std::string> known{"ibm,set-xive", "ibm,get-xive", "ibm,int-off", "ibm,int-on"};
      if (!known.contains(token.name)) return error(ENOENT);
      rtas_tokens_[token.name] = token.token;
      return 0;
    }
    case abi::kIrqLine: {
      const auto &irq = at<abi::IrqLevel>(argument);
      if (!sources_.contains(irq.irq)) return error(EINVAL);
      pulses_.push_back(irq.irq);
      return 0;
    }
    case abi::kGetCpuChar:
      at<abi::CpuChar>(argument) = {
          .character = 0xf0f, .behaviour = 0xff, .character_mask = 0xfff, .behaviour_mask = 0xf};
      return 0;
    case abi::kSetUserMemoryRegion: {
      const auto &region = at<abi::MemoryRegion>(argument);
      ram_ = {reinterpret_cast<std::byte *>(region.userspace_addr), region.memory_size};
      return 0;
    }
    case abi::kConfigureV3Mmu: {
      const auto &config = at<abi::MmuV3Config>(argument);
      const bool radix = (config.flags & abi::kMmuV3Radix) != 0;
      const bool consistent = radix == ((config.process_table & abi::kProcessTableRadix) != 0);
      if (!consistent || (!radix && host_.api != Api::kBareMetal)) return error(EINVAL);
      process_table_ = config.process_table;
      return 0;
    }
    case abi::kGetCompatCaps:
      return compat_caps(at<abi::CompatCaps>(argument));
    default:
      return error(ENOTTY);
  }
}

// As measured on Linux 7.3: a larger struct is taken, and told the size that the kernel knows.
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
  if (!sane(vcpu)) return error(EINVAL);  // although the capability was enabled
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
      return error(host_.compat_caps ? EINVAL : ENOTTY);  // it is a VM's
    default:
      return error(ENOTTY);
  }
}

// --- arch_compat

std::uint32_t FakeKvm::host_bit() const {
  if (host_.level >= level("power10")) return kArch31;
  if (host_.level >= level("power9")) return kArch300;
  return host_.level >= level("power8") ? kArch207 : kArch206;
}

std::optional<std::uint32_t> FakeKvm::guest_bit(std::uint32_t value) const {
  switch (value) {
    case 0:
      return host_bit();
    case 0x0f000002:
      return kArch205;
    case 0x0f000003:
    case 0x0f100003:
      return kArch206;
    case 0x0f000004:
      return kArch207;
    case 0x0f000005:
      return kArch300;
    case 0x0f000006:
    case 0x0f000007:
      return kArch31;
    default:
      return std::nullopt;
  }
}

// The capability bit of the hypervisor's that a level needs (map_pcr_to_cap). Below power9 there is none.
bool FakeKvm::granted(std::uint32_t bit) const {
  if (host_.api != Api::kNestedV2) return true;
  return bit == kArch31 || (bit == kArch300 && host_.grants_power9);
}

bool FakeKvm::sane(const VcpuState &vcpu) const {
  return (vcpu.papr || host_.backend == Backend::kPr) && vcpu.arch_compat != kInvalid;
}

std::expected<int, int> FakeKvm::set_arch_compat(VcpuState &vcpu, std::uint32_t value) {
  levels_asked_.push_back(value);
  const auto bit = guest_bit(value);
  if (!bit) return error(EINVAL);
  const bool invalid = host_.fixed && value == 0x0f000007 && host_.level < level("power11");
  if (!invalid && (*bit > host_bit() || !granted(*bit))) return error(EINVAL);
  vcpu.arch_compat = invalid ? kInvalid : value;
  vcpu.level_was_set = true;
  if (host_.fixed && !sane(vcpu)) return error(EINVAL);
  return 0;
}

std::uint32_t FakeKvm::read_arch_compat(const VcpuState &vcpu) const {
  if (host_.api != Api::kNestedV2 || !vcpu.ran || vcpu.arch_compat != 0) return vcpu.arch_compat;
  // After a run the register comes from the hypervisor, who was told the host's own level, or nothing at all.
  return vcpu.level_was_set ? host_.level.pvr().value : host_.pvr.value;
}

// --- KVM_RUN

// What KVM does before it enters the guest; a value when it does not enter it.
std::optional<std::expected<int, int>> FakeKvm::before_entry(VcpuState &vcpu) {
  abi::Run &page = *vcpu.run;
  if (std::exchange(vcpu.answer_due, false)) answers_.push_back(static_cast<std::int64_t>(page.papr_hcall.ret));
  if (std::atomic_ref(page.immediate_exit).load() != 0) return error(EINTR);
  if (!sane(vcpu)) {
    page.exit_reason = abi::kExitInternalError;
    return error(EINVAL);
  }
  const auto entered = Level::from_logical(LogicalPvr{vcpu.arch_compat});
  if (host_.api == Api::kNestedV2 && host_.hypervisor_checks && entered && *entered > host_.level) {
    page.exit_reason = abi::kExitUnknown;
    page.hw.hardware_exit_reason = static_cast<std::uint64_t>(-EINVAL);
    return 0;
  }
  vcpu.ran = true;
  levels_entered_.push_back(vcpu.arch_compat);
  return std::nullopt;
}

std::expected<int, int> FakeKvm::run(std::uint32_t id) {
  PlayedExit exit;
  abi::Run *page = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (const auto failure = planned_failure(abi::kRun)) return error(*failure);
    if (const auto left = before_entry(vcpu(id))) return *left;
    page = vcpu(id).run;
    auto &script = scripts_[id];
    if (!script.empty()) {
      exit = std::move(script.front());
      script.pop_front();
    } else if (id == 0) {
      exit = rtas("power-off", {0xffffffff, 0xffffffff}, 1);
    }
  }
  if (!exit) {
    while (std::atomic_ref(page->immediate_exit).load() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return error(EINTR);
  }
  const int failure = exit(*page);  // outside of the lock: it may look at this fake
  const std::lock_guard lock(mutex_);
  vcpu(id).answer_due = page->exit_reason == abi::kExitPaprHcall && failure == 0;
  if (failure != 0) return error(failure);
  return 0;
}

PlayedExit FakeKvm::rtas(std::string_view name, std::vector<std::uint32_t> arguments, std::uint32_t results,
                         std::uint64_t at) {
  const auto calls = papr::rtas_calls();
  const auto call = std::ranges::find(calls, name, &papr::RtasEntry::name);
  std::vector<std::uint32_t> block{call->token, static_cast<std::uint32_t>(arguments.size()), results};
  block.insert(block.end(), arguments.begin(), arguments.end());
  return [this, at, block = std::move(block)](abi::Run &run) {
    for (std::size_t i = 0; i < block.size(); ++i) store_be(ram_.subspan(at + 4 * i), block[i]);
    return hcall(papr::kHcallRtas, {at})(run);
  };
}

PlayedExit hcall(std::uint64_t number, std::vector<std::uint64_t> arguments) {
  return [number, arguments = std::move(arguments)](abi::Run &run) {
    run.exit_reason = abi::kExitPaprHcall;
    run.papr_hcall.nr = number;
    run.papr_hcall.args.fill(0);
    std::ranges::copy(arguments, run.papr_hcall.args.begin());
    return 0;
  };
}

PlayedExit says(std::string text) {
  std::array<std::byte, 16> bytes{};
  std::memcpy(bytes.data(), text.data(), text.size());
  return hcall(0x58, {0, text.size(), load_be<std::uint64_t>(std::span(bytes).first<8>()),
                      load_be<std::uint64_t>(std::span(bytes).last<8>())});
}

PlayedExit fails(int error, std::optional<std::uint32_t> exit_reason, std::uint64_t hardware_reason) {
  return [=](abi::Run &run) {
    if (exit_reason) run.exit_reason = *exit_reason;
    run.hw.hardware_exit_reason = hardware_reason;
    return error;
  };
}

}  // namespace parley::testing
