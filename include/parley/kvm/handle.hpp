// SPDX-License-Identifier: Apache-2.0
//
// Ownership of descriptors and mappings that come from a Kernel: closed and unmapped through the same Kernel.
#pragma once

#include <concepts>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "parley/kvm/kernel.hpp"

namespace parley::kvm {

/// A call that failed.
struct CallError {
  std::string call;  ///< its name, with a detail where several calls share the name: "KVM_CREATE_VM (HV)"
  int error = 0;     ///< errno
};

/// "KVM_CREATE_VM: EINVAL (Invalid argument)"
std::string describe(const CallError &error);

/// Owns a file descriptor of KVM.
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

  /// Makes the ioctl with this number (abi.hpp), with the argument that its row in the table asks for. `detail` follows
  /// the name of the call in an error.
  template <std::uint32_t kNumber, std::same_as<IoctlArgument<kNumber>> Argument = None>
  std::expected<int, CallError> call() const {
    return make(kIoctl<kNumber>, 0, {});
  }
  template <std::uint32_t kNumber>
  std::expected<int, CallError> call(typename IoctlArgument<kNumber>::Parameter argument,
                                     std::string_view detail = {}) const {
    if constexpr (std::same_as<IoctlArgument<kNumber>, Value>)
      return make(kIoctl<kNumber>, argument, detail);
    else
      return make(kIoctl<kNumber>, reinterpret_cast<unsigned long>(&argument), detail);
  }

 private:
  std::expected<int, CallError> make(const IoctlInfo &call, unsigned long argument, std::string_view detail) const;

  Kernel *kernel_;
  int fd_;
};

/// A file in memory of `length` bytes, all zero, which takes memory only where it is touched. Another process can map
/// it too. `huge` takes huge pages of the host's pool: they must be reserved there.
std::expected<Descriptor, CallError> create_memory_file(Kernel &kernel, const char *name, std::uint64_t length,
                                                        bool huge);

/// Owns one mapping.
class Mapping {
 public:
  /// Anonymous memory, zeroed. The kernel chooses the page size.
  static std::expected<Mapping, CallError> anonymous(Kernel &kernel, std::size_t length);
  /// The first `length` bytes of a file. Writes reach the file and its other mappings.
  static std::expected<Mapping, CallError> shared(Kernel &kernel, int fd, std::size_t length);
  /// kvm_run of a vCPU.
  static std::expected<Mapping, CallError> of(const Descriptor &descriptor, std::size_t length);
  ~Mapping() {
    if (!bytes_.empty()) kernel_->munmap(bytes_.data(), bytes_.size());
  }
  Mapping(Mapping &&other) noexcept
      : kernel_(other.kernel_), bytes_(std::exchange(other.bytes_, {})), is_shared_(other.is_shared_) {}
  Mapping &operator=(Mapping &&other) noexcept {
    std::swap(kernel_, other.kernel_);
    std::swap(bytes_, other.bytes_);
    std::swap(is_shared_, other.is_shared_);
    return *this;
  }

  std::span<std::byte> bytes() const { return bytes_; }

  /// Maps the whole pages of [file_offset, file_offset + length) of a file at `at`, privately: writes to them do not
  /// reach the file. Returns the number of bytes mapped; the caller copies the rest. It is 0 where an offset is not a
  /// multiple of the page size, and in shared memory, where other processes would not see the file's bytes.
  std::expected<std::size_t, CallError> lay_file(std::size_t at, int fd, std::uint64_t file_offset, std::size_t length);

 private:
  Mapping(Kernel &kernel, std::span<std::byte> bytes, bool is_shared)
      : kernel_(&kernel), bytes_(bytes), is_shared_(is_shared) {}

  Kernel *kernel_;
  std::span<std::byte> bytes_;
  bool is_shared_;
};

}  // namespace parley::kvm
