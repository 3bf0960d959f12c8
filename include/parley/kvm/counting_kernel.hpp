// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cerrno>
#include <string>
#include <vector>

#include "parley/kvm/kernel.hpp"

namespace parley::kvm {

/// Counts the calls to another Kernel by name. That Kernel must outlive this one. Any thread may call at any time.
class CountingKernel final : public Kernel {
 public:
  explicit CountingKernel(Kernel &below) : below_(below) {}

  /// One line for each name with a count, "KVM_SET_ONE_REG 3"; then the results of KVM_RUN, "exit KVM_EXIT_PAPR_HCALL
  /// 1200" and "exit EINTR 2"; then the answers to exits, "answer to an hcall 1200".
  std::vector<std::string> summary() const;

  std::expected<int, int> open(const char *path) override;
  std::expected<int, int> ioctl(int fd, const IoctlInfo &call, unsigned long argument) override;
  int enter(int vcpu_fd, abi::Run &run) override;
  void complete(int vcpu_fd, const Completion &completion) override;
  std::expected<int, int> create_memory_file(const char *name, bool huge) override;
  std::expected<void, int> resize_file(int fd, std::uint64_t length) override;
  std::expected<void *, int> mmap(std::size_t length, int fd) override;
  std::expected<void, int> mmap_file(void *at, std::size_t length, int fd, std::uint64_t offset) override;
  std::size_t page_size() const override { return below_.page_size(); }
  void munmap(void *address, std::size_t length) override;
  void close(int fd) override;

 private:
  enum Call : std::uint8_t { kOpen, kCreateMemoryFile, kResizeFile, kMmap, kMmapFile, kMunmap, kClose, kCalls };
  using Counter = std::atomic<std::uint64_t>;
  static constexpr std::size_t kReasons = 64;            // Linux 7.3 has 42
  static constexpr std::size_t kErrors = EHWPOISON + 1;  // the highest errno of Linux

  Kernel &below_;
  std::array<Counter, kCalls> calls_{};
  std::array<Counter, kIoctls.size()> ioctls_{};  // by row
  std::array<Counter, kReasons + 1> exits_{};  // by exit_reason; the last element counts all reasons from kReasons on
  std::array<Counter, kErrors> errors_{};      // by KVM_RUN's errno
  std::array<Counter, std::variant_size_v<Completion>> answers_{};
};

}  // namespace parley::kvm
