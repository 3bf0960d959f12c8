// SPDX-License-Identifier: Apache-2.0
//
// One virtual CPU: its registers, its connection to the interrupt controller, and the loop of run() and complete_…().
//
// run() enters the guest with KVM_RUN. KVM and Parley share one page, struct kvm_run: an exit comes in it, the answer
// to the exit goes out in it, and KVM takes the answer at the next entry. Each exit that wants an answer (Hcall,
// BadRtasArguments, MmioLoad) must be completed before the next run(); otherwise the guest gets stale data. Only
// one thread at a time may use a vCPU, except for set_immediate_exit(); another thread may set its registers while it
// is not in run().
#pragma once

#include <expected>
#include <string_view>

#include "parley/base/level.hpp"
#include "parley/kvm/abi.hpp"
#include "parley/kvm/exit.hpp"
#include "parley/kvm/handle.hpp"

namespace parley::kvm {

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

/// The guest's interrupt controller, which KVM emulates (Documentation/virt/kvm/devices/xics.rst).
class Xics {
 public:
  /// Adds a source of edge-triggered interrupts, masked until the guest unmasks it. Numbers start at 16.
  std::expected<int, CallError> add_source(std::uint32_t number);

 private:
  friend class Vm;
  friend class Vcpu;
  explicit Xics(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  Descriptor descriptor_;
};

class Vcpu {
 public:
  /// KVM_CAP_PPC_PAPR: the guest is a PAPR partition. Idempotent. Must precede any other capability of the vCPU.
  std::expected<int, CallError> enable_papr();
  /// Connects the vCPU to the interrupt controller, as the server with that number. After enable_papr().
  std::expected<int, CallError> connect(const Xics &xics, VcpuId server);
  std::expected<int, CallError> set_regs(const abi::Regs &regs);
  std::expected<abi::Regs, CallError> regs() const;
  /// The physical PVR. KVM HV does not let it be changed.
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

  /// Enters the guest and returns the reason for the exit. Blocks; set_immediate_exit() ends it.
  Exit run();
  /// Answers the hypercall that the last run() returned: its status (r3). KVM takes the status and Hcall::registers at
  /// the next run(), once.
  void complete_hcall(std::int64_t status);
  /// Answers the load that the last run() returned, with MmioLoad::length bytes.
  void complete_mmio_load(ByteView bytes);
  /// While set, run() returns Interrupted without entering the guest. Any thread may call it. It does not interrupt a
  /// running guest: a signal to the thread in run() does.
  void set_immediate_exit(bool on);

 private:
  friend class Vm;
  Vcpu(Descriptor descriptor, Mapping run)
      : descriptor_(std::move(descriptor)),
        run_(std::move(run)),
        observed_(descriptor_.kernel().observes_completions()) {}
  abi::Run &run_page() const { return *reinterpret_cast<abi::Run *>(run_.bytes().data()); }

  Descriptor descriptor_;
  Mapping run_;
  bool observed_;  // the seam observes completions
};

}  // namespace parley::kvm
