// SPDX-License-Identifier: Apache-2.0
//
// KVM has three objects with a descriptor each: the system (/dev/kvm), the virtual machine, and the virtual CPU
// (Documentation/virt/kvm/api.rst). A VM is created from the system, a vCPU from its VM (vcpu.hpp). Each class owns its
// descriptor and closes it; none can exist without it.
#pragma once

#include <expected>
#include <span>
#include <string_view>

#include "parley/base/level.hpp"
#include "parley/kvm/abi.hpp"
#include "parley/kvm/handle.hpp"
#include "parley/kvm/vcpu.hpp"

namespace parley::kvm {

/// A capability that Parley queries.
struct CapabilityInfo {
  abi::Cap cap;
  std::string_view name;
  std::string_view missing;  ///< the message where a required one is missing; empty for optional ones
};
std::span<const CapabilityInfo> capabilities();

struct OpenError {
  enum class Kind : std::uint8_t { kAbsent, kNoPermission, kUnusable, kWrongApi } kind;
  CallError cause;
};

class Vm {
 public:
  /// Ids must be dense from 0: hypervisors accept nested vCPUs in that order only.
  std::expected<Vcpu, CallError> create_vcpu(VcpuId id);
  /// Makes `memory` the RAM at that guest address. It must outlive the Vm. Address and size in multiples of the host's
  /// page size. Each region of RAM has a slot of its own, numbered from 0; regions must not overlap.
  std::expected<int, CallError> map_memory(GuestAddress at, std::span<std::byte> memory, std::uint32_t slot = 0);
  /// Radix translation, without a process table yet. A partition's KVM offers no other mode.
  std::expected<int, CallError> configure_radix();
  /// Hash translation, with a new table of 2^order bytes: without entries, and without a process table. Only on bare
  /// metal. EBUSY while a vCPU runs. Leads from radix to hash too, as configure_radix() leads back.
  std::expected<int, CallError> configure_hash(std::uint32_t order);
  /// The segments and pages that the hash MMU has here.
  std::expected<abi::SmmuInfo, CallError> hash_info() const;
  /// `entry` is the second doubleword of the guest's partition table entry (H_REGISTER_PROC_TBL).
  std::expected<int, CallError> set_process_table(std::uint64_t entry, bool gtse);
  /// The number of threads of a core, for doorbells between them: 1, 2, 4 or 8. Before the first vCPU (else EBUSY).
  /// Vcpu ids count threads, and the threads of one core are consecutive (kvmppc_set_smt_mode).
  std::expected<int, CallError> set_threads_per_core(unsigned threads);
  /// The guest may then run guests of its own, by nested API v1 (kvmhv_enable_nested). EPERM, ENODEV where
  /// KVM_CAP_PPC_NESTED_HV is 0.
  std::expected<int, CallError> enable_nested_hv();
  /// KVM then handles this hcall in the kernel.
  std::expected<int, CallError> enable_hcall(std::uint64_t number);
  /// KVM then handles this RTAS call in the kernel. It knows four, by name (book3s_rtas.c).
  std::expected<int, CallError> define_rtas_token(std::string_view name, std::uint32_t token);
  std::expected<Xics, CallError> create_xics();
  /// Raises an edge-triggered interrupt source of the XICS. From any thread.
  std::expected<int, CallError> pulse(std::uint32_t source);
  /// The mitigations of speculation that the host's processor needs, as far as KVM knows.
  std::expected<abi::CpuChar, CallError> cpu_characteristics() const;
  /// The levels that the hypervisor grants to guests, one bit each (Linux 7.3).
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

  /// The result of KVM_CHECK_EXTENSION: 0 where the capability is missing or unknown to this kernel.
  std::expected<int, CallError> check(const CapabilityInfo &capability) const;
  /// `type` is abi::kVmHv or abi::kVmPr.
  std::expected<Vm, CallError> create_vm(unsigned long type) const;

 private:
  explicit System(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  Descriptor descriptor_;
};

}  // namespace parley::kvm
