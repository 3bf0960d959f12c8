// SPDX-License-Identifier: Apache-2.0
#include "fake_kvm.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "parley/base/bytes.hpp"
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

// Where the fake guest keeps the argument block of its last RTAS call.
constexpr std::uint64_t kRtasBlock = 0x8000;

std::unexpected<int> error(int number) { return std::unexpected(number); }

template <typename T>
T &at(unsigned long argument) {
  return *reinterpret_cast<T *>(argument);
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
  if (fd >= 0) vcpu_.run = static_cast<abi::Run *>(address);
  return address;
}

void FakeKvm::munmap(void *address, std::size_t length) {
  const auto found = mappings_.find(address);
  if (found == mappings_.end() || found->second.size() != length) throw std::logic_error("unmapped what is not mapped");
  mappings_.erase(found);
}

std::expected<int, int> FakeKvm::ioctl(int fd, std::uint32_t request, unsigned long argument) {
  const auto descriptor = descriptors_.find(fd);
  if (descriptor == descriptors_.end()) return error(EBADF);
  if (const auto failure = planned_failure(request)) return error(*failure);
  switch (descriptor->second) {
    case Kind::kSystem:
      return system_ioctl(request, argument);
    case Kind::kVm:
      return vm_ioctl(request, argument);
    case Kind::kVcpu:
      break;
  }
  return vcpu_ioctl(request, argument);
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
  if (host_.backend == Backend::kNone) return 0;
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
    case abi::kCreateVcpu:
      vcpu_ = {};
      return new_descriptor(Kind::kVcpu);
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
      return 0;
    }
    case abi::kGetCompatCaps:
      return compat_caps(at<abi::CompatCaps>(argument));
    default:
      return error(ENOTTY);
  }
}

std::expected<int, int> FakeKvm::compat_caps(abi::CompatCaps &caps) const {
  if (!host_.compat_caps) return error(ENOTTY);
  if (caps.size < sizeof(abi::CompatCaps) || caps.flags != 0) return error(EINVAL);
  if (caps.size > sizeof(abi::CompatCaps)) {
    caps.size = sizeof(abi::CompatCaps);
    return error(E2BIG);
  }
  caps.compat_capabilities = *host_.compat_caps;
  return 0;
}

std::expected<int, int> FakeKvm::vcpu_ioctl(std::uint32_t request, unsigned long argument) {
  switch (request) {
    case abi::kEnableCap:
      if (at<abi::EnableCap>(argument).cap == static_cast<std::uint32_t>(abi::Cap::kPpcPapr)) vcpu_.papr = true;
      if (!sane()) return error(EINVAL);  // although the capability was enabled
      return 0;
    case abi::kSetRegs:
      vcpu_.regs = at<abi::Regs>(argument);
      return 0;
    case abi::kGetSregs:
      at<abi::Sregs>(argument).pvr = host_.pvr.value;
      return 0;
    case abi::kGetOneReg:
    case abi::kSetOneReg: {
      const auto &reg = at<abi::OneReg>(argument);
      if (reg.id != abi::kRegArchCompat || host_.backend == Backend::kPr) return error(EINVAL);
      auto &value = *reinterpret_cast<std::uint32_t *>(reg.addr);
      if (request == abi::kSetOneReg) return set_arch_compat(value);
      value = read_arch_compat();
      return 0;
    }
    case abi::kRun:
      return run();
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

bool FakeKvm::sane() const { return (vcpu_.papr || host_.backend == Backend::kPr) && vcpu_.arch_compat != kInvalid; }

std::expected<int, int> FakeKvm::set_arch_compat(std::uint32_t value) {
  levels_asked_.push_back(value);
  const auto bit = guest_bit(value);
  if (!bit) return error(EINVAL);
  const bool invalid = host_.fixed && value == 0x0f000007 && host_.level < level("power11");
  if (!invalid && (*bit > host_bit() || !granted(*bit))) return error(EINVAL);
  vcpu_.arch_compat = invalid ? kInvalid : value;
  vcpu_.level_was_set = true;
  if (host_.fixed && !sane()) return error(EINVAL);
  return 0;
}

std::uint32_t FakeKvm::read_arch_compat() const {
  if (host_.api != Api::kNestedV2 || !vcpu_.ran || vcpu_.arch_compat != 0) return vcpu_.arch_compat;
  // After a run the register comes from the hypervisor, who was told the host's own level, or nothing at all.
  return vcpu_.level_was_set ? host_.level.pvr().value : host_.pvr.value;
}

// --- KVM_RUN

std::expected<int, int> FakeKvm::run() {
  abi::Run &page = *vcpu_.run;
  if (page.immediate_exit != 0) return error(EINTR);
  if (!sane()) {
    page.exit_reason = abi::kExitInternalError;
    return error(EINVAL);
  }
  const auto entered = Level::from_logical(LogicalPvr{vcpu_.arch_compat});
  if (host_.api == Api::kNestedV2 && host_.hypervisor_checks && entered && *entered > host_.level) {
    page.exit_reason = abi::kExitUnknown;
    page.hw.hardware_exit_reason = static_cast<std::uint64_t>(-EINVAL);
    return 0;
  }
  vcpu_.ran = true;
  levels_entered_.push_back(vcpu_.arch_compat);
  int failure = 0;
  if (!script_.empty()) {
    const PlayedExit exit = std::move(script_.front());
    script_.pop_front();
    failure = exit(page);
  } else {
    const auto calls = papr::rtas_calls();
    const auto power_off = std::ranges::find(calls, "power-off", &papr::RtasEntry::name);
    const std::array<std::uint32_t, 3> block{power_off->token, 2, 1};
    for (std::size_t i = 0; i < block.size(); ++i) store_be(ram_.subspan(kRtasBlock + 4 * i), block[i]);
    failure = hcall(0xf000, {kRtasBlock})(page);
  }
  if (failure != 0) return error(failure);
  return 0;
}

PlayedExit hcall(std::uint64_t number, std::vector<std::uint64_t> arguments) {
  return [number, arguments = std::move(arguments)](abi::Run &run) {
    run.exit_reason = abi::kExitPaprHcall;
    run.papr_hcall.nr = number;
    std::ranges::fill(run.papr_hcall.args, 0);
    std::ranges::copy(arguments, run.papr_hcall.args);
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
