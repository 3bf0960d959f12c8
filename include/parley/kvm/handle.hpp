// SPDX-License-Identifier: Apache-2.0
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
  template <std::uint32_t kNumber>
  requires std::same_as<IoctlArgument<kNumber>, None> std::expected<int, CallError> call()
  const { return make(kIoctl<kNumber>, 0, {}); }
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

/// Owns one mapping.
class Mapping {
 public:
  /// Anonymous memory, zeroed. The kernel chooses the page size.
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

  /// Maps the whole pages of [file_offset, file_offset + length) of a file at `at`, privately: writes to them do not
  /// reach the file. Returns the number of bytes mapped, 0 where an offset is not a multiple of the page size. The
  /// caller copies the rest.
  std::expected<std::size_t, CallError> lay_file(std::size_t at, int fd, std::uint64_t file_offset, std::size_t length);

 private:
  Mapping(Kernel &kernel, std::span<std::byte> bytes) : kernel_(&kernel), bytes_(bytes) {}

  Kernel *kernel_;
  std::span<std::byte> bytes_;
};

}  // namespace parley::kvm
