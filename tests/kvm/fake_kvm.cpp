// SPDX-License-Identifier: Apache-2.0
#include "fake_kvm.hpp"

#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

namespace parley::testing {

namespace abi = kvm::abi;

namespace {

std::unexpected<int> error(int number) { return std::unexpected(number); }

template <typename T>
T &at(unsigned long argument) {
  return *reinterpret_cast<T *>(argument);
}

std::uint32_t kind_of_call(std::uint32_t request, unsigned long argument) {
  const bool one_reg = request == abi::kGetOneReg || request == abi::kSetOneReg;
  if (!one_reg || at<abi::OneReg>(argument).id != abi::kRegLpcr) return request;
  return request == abi::kGetOneReg ? FakeKvm::kGetLpcr : FakeKvm::kSetLpcr;
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
  if (fd >= 0) vcpu(vcpu_of_.at(fd)).run = static_cast<abi::Run *>(address);
  return address;
}

std::expected<void, int> FakeKvm::mmap_file(void *at_address, std::size_t length, int fd, std::uint64_t offset) {
  if (const auto failure = planned_failure(kMmapFile)) return error(*failure);
  if (reinterpret_cast<std::uintptr_t>(at_address) % 16 != 0 || length % page_size() != 0 || offset % page_size() != 0)
    throw std::logic_error("mapped a file at an unaligned place");
  const ssize_t count = ::pread(fd, at_address, length, static_cast<off_t>(offset));
  if (count != static_cast<ssize_t>(length)) return error(EIO);
  mapped_from_files_ += length;
  return {};
}

void FakeKvm::munmap(void *address, std::size_t length) {
  const auto found = mappings_.find(address);
  if (found == mappings_.end() || found->second.size() != length)
    throw std::logic_error("unmapped a range that is not mapped");
  mappings_.erase(found);
}

std::expected<int, int> FakeKvm::ioctl(int fd, const kvm::IoctlInfo &call, unsigned long argument) {
  const std::uint32_t request = call.number;
  if (request == abi::kRun) throw std::logic_error("KVM_RUN is enter()");
  const std::lock_guard lock(mutex_);
  const auto descriptor = descriptors_.find(fd);
  if (descriptor == descriptors_.end()) return error(EBADF);
  if (const auto failure = planned_failure(kind_of_call(request, argument))) return error(*failure);
  switch (descriptor->second) {
    case Kind::kSystem:
      return system_ioctl(request, argument);
    case Kind::kVm:
      return vm_ioctl(request, argument);
    case Kind::kXics:
      return xics_ioctl(request, argument);
    case Kind::kVcpu:
      break;
  }
  return vcpu_ioctl(vcpu(vcpu_of_.at(fd)), request, argument);
}

}  // namespace parley::testing
