// SPDX-License-Identifier: Apache-2.0
//
// The one seam between Parley and the kernel. Behind it is Linux or, in the tests, a fake that follows KVM's rules,
// fails on demand, and counts open descriptors and mappings. So the tests run the same wrappers, the same ownership and
// the same errno paths as production.
//
// A decorator wraps another Kernel and sees all that passes (counting_kernel.hpp). To record a run, and to repeat it,
// it must see every input that KVM gives to the VMM and every answer that the VMM gives to the guest:
//  - ioctl() comes with the call's row of the table (ioctls.hpp), hence with name, direction and size of its argument;
//  - enter() is KVM_RUN: the exit is in `run` when it returns;
//  - complete() reports the VMM's answer to an exit, before the next enter() of that vCPU.
// Time and random numbers come through another seam (base/environment.hpp).
//
// enter() and complete() are on the path of each exit of the guest: an implementation for production allocates no
// memory and takes no lock there. All functions may be called from several threads at the same time. enter() and
// complete() of one vCPU come from its own thread. ioctl() of a vCPU comes from any thread, but not while another
// thread is in one of the three with the same vCPU: KVM would make it wait until the guest exits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <variant>

#include "parley/base/bytes.hpp"
#include "parley/kvm/abi.hpp"
#include "parley/kvm/ioctls.hpp"

namespace parley::kvm {

/// The answer to a hypercall: r3, then r4 to r12 as they will be.
struct HcallCompletion {
  std::int64_t status;
  std::span<const std::uint64_t, 9> registers;
};
/// The answer to a load outside of RAM, in the order of guest memory.
struct MmioLoadCompletion {
  ByteView bytes;
};
/// Already written to kvm_run, where KVM takes it from; the views are of kvm_run.
using Completion = std::variant<HcallCompletion, MmioLoadCompletion>;

class Kernel {
 public:
  virtual ~Kernel() = default;

  /// Where nothing else is said, a call returns an errno where it fails.
  virtual std::expected<int, int> open(const char *path) = 0;
  /// `call` is an element of kIoctls. `argument` is 0, a number, or the address of a struct, as the row says. Not for
  /// KVM_RUN.
  virtual std::expected<int, int> ioctl(int fd, const IoctlInfo &call, unsigned long argument) = 0;
  /// KVM_RUN. `run` is the vCPU's mapping of kvm_run. Returns 0 or an errno.
  virtual int enter(int vcpu_fd, abi::Run &run) = 0;
  /// An exit is answered. A later answer to the same exit replaces an earlier one.
  virtual void complete(int vcpu_fd, const Completion &completion) = 0;
  /// False where complete() has no effect. A vCPU asks once and then omits the calls: they are on the hot path.
  virtual bool observes_completions() const { return true; }
  /// A file in memory, empty and without a place in the file system (memfd_create(2)); of huge pages of the default
  /// size where `huge`.
  virtual std::expected<int, int> create_memory_file(const char *name, bool huge) = 0;
  virtual std::expected<void, int> resize_file(int fd, std::uint64_t length) = 0;
  /// Shared mapping of `length` bytes of `fd`; anonymous private memory where `fd` is -1.
  virtual std::expected<void *, int> mmap(std::size_t length, int fd) = 0;
  /// Replaces [at, at + length) of an anonymous mapping with a private mapping of a file. All in multiples of the page
  /// size.
  virtual std::expected<void, int> mmap_file(void *at, std::size_t length, int fd, std::uint64_t offset) = 0;
  virtual std::size_t page_size() const = 0;  ///< bytes
  virtual void munmap(void *address, std::size_t length) = 0;
  virtual void close(int fd) = 0;
};

/// The kernel that this process runs on.
Kernel &linux_kernel();

}  // namespace parley::kvm
