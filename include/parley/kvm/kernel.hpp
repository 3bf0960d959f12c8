// SPDX-License-Identifier: Apache-2.0
//
// The one seam between Parley and the kernel. Behind it stands Linux, or, in the tests, a fake that follows KVM's
// rules, fails where it is told to, and counts what was opened and mapped. Everything above it, wrappers, ownership and
// errno paths, is the code that runs in production.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>

namespace parley::kvm {

class Kernel {
 public:
  virtual ~Kernel() = default;

  /// Each returns an errno where it fails.
  virtual std::expected<int, int> open(const char *path) = 0;
  /// `argument` is a number or the address of a struct, as the request demands.
  virtual std::expected<int, int> ioctl(int fd, std::uint32_t request, unsigned long argument) = 0;
  /// Shared mapping of `length` bytes of `fd`; anonymous private memory when `fd` is -1.
  virtual std::expected<void *, int> mmap(std::size_t length, int fd) = 0;
  /// Puts a private mapping of a file in the place of [at, at + length) of an anonymous one. All in multiples of the
  /// page size.
  virtual std::expected<void, int> mmap_file(void *at, std::size_t length, int fd, std::uint64_t offset) = 0;
  virtual std::size_t page_size() const = 0;  ///< bytes
  virtual void munmap(void *address, std::size_t length) = 0;
  virtual void close(int fd) = 0;
};

/// The kernel that this process runs on.
Kernel &linux_kernel();

}  // namespace parley::kvm
