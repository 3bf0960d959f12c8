// SPDX-License-Identifier: Apache-2.0
//
// KVM's three objects, the system (/dev/kvm), the virtual machine and the virtual CPU, each owning its descriptor.
#pragma once

#include <array>
#include <expected>
#include <span>
#include <string_view>

#include "parley/base/level.hpp"
#include "parley/kvm/abi.hpp"
#include "parley/kvm/exit.hpp"
#include "parley/kvm/handle.hpp"

namespace parley::kvm {

/// A capability that Parley asks for, and the sentence for when one that it needs is missing.
struct CapabilityInfo {
  abi::Cap cap;
  std::string_view name;
  std::string_view missing;  ///< empty for optional ones
};
std::span<const CapabilityInfo> capabilities();

struct OpenError {
  enum class Kind : std::uint8_t { kAbsent, kNoPermission, kUnusable, kWrongApi } kind;
  CallError cause;
};

/// A register of KVM's one_reg interface with the type of its value. The id carries the size, which must be that of
/// Rep.
template <typename Rep>
struct OneReg {
  std::uint64_t id;
  std::string_view name;  ///< for messages

  consteval OneReg(std::uint64_t reg_id, std::string_view reg_name) : id(reg_id), name(reg_name) {
    if ((std::uint64_t{1} << (reg_id >> 52 & 0xf)) != sizeof(Rep)) throw "a one_reg of another size";
  }
};

/// The guest's interrupt controller, inside the kernel (Documentation/virt/kvm/devices/xics.rst).
class Xics {
 public:
  /// A source of edge-triggered interrupts, masked until the guest unmasks it. Numbers from 16 on.
  std::expected<int, CallError> add_source(std::uint32_t number);

 private:
  friend class Vm;
  friend class Vcpu;
  explicit Xics(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  Descriptor descriptor_;
};

class Vcpu {
 public:
  /// KVM_CAP_PPC_PAPR: the guest is a PAPR partition. Idempotent; must come before any other capability of the vCPU.
  std::expected<int, CallError> enable_papr();
  /// Gives the vCPU its interrupts, as the server of that number. After enable_papr().
  std::expected<int, CallError> connect(const Xics &xics, VcpuId server);
  std::expected<int, CallError> set_regs(const abi::Regs &regs);
  std::expected<abi::Regs, CallError> regs() const;
  /// The physical PVR, which KVM lets nobody change.
  std::expected<PhysicalPvr, CallError> pvr() const;

  template <typename Rep>
  std::expected<Rep, CallError> get(OneReg<Rep> reg) const {
    Rep value{};
    const abi::OneReg argument{reg.id, reinterpret_cast<std::uint64_t>(&value)};
    if (const auto done = descriptor_.call<abi::kGetOneReg>(argument, reg.name); !done)
      return std::unexpected(done.error());
    return value;
  }
  template <typename Rep>
  std::expected<int, CallError> set(OneReg<Rep> reg, Rep value) {
    const abi::OneReg argument{reg.id, reinterpret_cast<std::uint64_t>(&value)};
    return descriptor_.call<abi::kSetOneReg>(argument, reg.name);
  }

  /// Enters the guest and comes back with why it stopped. Blocks; see set_immediate_exit for the way out.
  Exit run();
  /// Gives the hypercall that the last run() returned its status (r3). The kernel takes it and the hypercall's
  /// registers over at the next run(), once.
  void complete_hcall(std::int64_t status);
  /// Gives the load that the last run() returned its bytes, as many as it asked for.
  void complete_mmio_load(ByteView bytes);
  /// While set, run() returns Interrupted without entering the guest. Any thread may call it; a signal to the thread in
  /// run() gets it out of the guest.
  void set_immediate_exit(bool on);

 private:
  friend class Vm;
  Vcpu(Descriptor descriptor, Mapping run) : descriptor_(std::move(descriptor)), run_(std::move(run)) {}
  abi::Run &run_page() const { return *reinterpret_cast<abi::Run *>(run_.bytes().data()); }

  Descriptor descriptor_;
  Mapping run_;
};

class Vm {
 public:
  /// Ids must be dense from 0: nested hypervisors take them in that order only.
  std::expected<Vcpu, CallError> create_vcpu(VcpuId id);
  /// Makes `memory` the RAM at that guest address. It must outlive the Vm. Address and size in multiples of the host's
  /// page size. Each region of RAM has a slot of its own, numbered from 0; regions must not overlap.
  std::expected<int, CallError> map_memory(GuestAddress at, std::span<std::byte> memory, std::uint32_t slot = 0);
  /// Radix translation without a process table yet; the one mode that KVM in a partition offers.
  std::expected<int, CallError> configure_radix();
  /// As H_REGISTER_PROC_TBL has it: the second doubleword of the guest's partition table entry.
  std::expected<int, CallError> set_process_table(std::uint64_t entry, bool gtse);
  /// Has KVM answer an hcall in the kernel.
  std::expected<int, CallError> enable_hcall(std::uint64_t number);
  /// Has KVM answer an RTAS call in the kernel; it knows four, by name.
  std::expected<int, CallError> define_rtas_token(std::string_view name, std::uint32_t token);
  std::expected<Xics, CallError> create_xics();
  /// An edge of an interrupt source of the XICS. From any thread.
  std::expected<int, CallError> pulse(std::uint32_t source);
  /// What the host's processor needs against speculation, as far as KVM knows.
  std::expected<abi::CpuChar, CallError> cpu_characteristics() const;
  /// The levels that the hypervisor grants guests, one bit each (Linux 7.3).
  std::expected<std::uint64_t, CallError> compat_capabilities() const;

 private:
  friend class System;
  Vm(Descriptor descriptor, std::size_t run_size) : descriptor_(std::move(descriptor)), run_size_(run_size) {}

  Descriptor descriptor_;
  std::size_t run_size_;
};

class System {
 public:
  static std::expected<System, OpenError> open(Kernel &kernel);

  /// What KVM_CHECK_EXTENSION says: 0 for no, and for a capability that this kernel never heard of.
  std::expected<int, CallError> check(const CapabilityInfo &capability) const;
  /// `type` is abi::kVmHv or abi::kVmPr.
  std::expected<Vm, CallError> create_vm(unsigned long type) const;

 private:
  explicit System(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  Descriptor descriptor_;
};

}  // namespace parley::kvm
