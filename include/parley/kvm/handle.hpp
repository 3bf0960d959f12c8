// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <span>
#include <string>
#include <utility>

#include "parley/kvm/kernel.hpp"

namespace parley::kvm {

/// A call that the kernel refused.
struct CallError {
  std::string call;  ///< "KVM_CREATE_VM", with the detail that tells it from its like
  int error = 0;     ///< errno
};

/// "KVM_CREATE_VM: EINVAL (Invalid argument)"
std::string describe(const CallError &error);

/// Owns one descriptor of the kernel's.
class Descriptor {
 public:
  Descriptor(Kernel &kernel, int fd) : kernel_(&kernel), fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) kernel_->close(fd_);
  }
  Descriptor(Descriptor &&other) noexcept : kernel_(other.kernel_), fd_(std::exchange(other.fd_, -1)) {}
  Descriptor &operator=(Descriptor &&other) noexcept {
    std::swap(kernel_, other.kernel_);
    std::swap(fd_, other.fd_);
    return *this;
  }

  int fd() const { return fd_; }
  Kernel &kernel() const { return *kernel_; }

  std::expected<int, CallError> ioctl(const char *name, std::uint32_t request, unsigned long argument) const;
  template <typename T>
  std::expected<int, CallError> ioctl(const char *name, std::uint32_t request, T *argument) const {
    return ioctl(name, request, reinterpret_cast<unsigned long>(argument));
  }

 private:
  Kernel *kernel_;
  int fd_;
};

/// Owns one mapping.
class Mapping {
 public:
  /// Anonymous memory, zeroed; the page size is the kernel's to choose.
  static std::expected<Mapping, CallError> anonymous(Kernel &kernel, std::size_t length);
  static std::expected<Mapping, CallError> of(const Descriptor &descriptor, std::size_t length);
  ~Mapping() {
    if (!bytes_.empty()) kernel_->munmap(bytes_.data(), bytes_.size());
  }
  Mapping(Mapping &&other) noexcept : kernel_(other.kernel_), bytes_(std::exchange(other.bytes_, {})) {}
  Mapping &operator=(Mapping &&other) noexcept {
    std::swap(kernel_, other.kernel_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  std::span<std::byte> bytes() const { return bytes_; }

  /// Puts `length` bytes of a file, from `file_offset` on, at `at`, without a copy as far as whole pages allow, and
  /// says how many bytes that was: 0 where the alignment does not fit. Writes to them do not reach the file.
  std::expected<std::size_t, CallError> lay_file(std::size_t at, int fd, std::uint64_t file_offset, std::size_t length);

 private:
  Mapping(Kernel &kernel, std::span<std::byte> bytes) : kernel_(&kernel), bytes_(bytes) {}

  Kernel *kernel_;
  std::span<std::byte> bytes_;
};

}  // namespace parley::kvm
