// SPDX-License-Identifier: Apache-2.0
#include "fake_kvm.hpp"

#include <sys/mman.h>
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

std::expected<int, int> FakeKvm::new_descriptor(Kind kind) {
  descriptors_[next_fd_] = kind;
  return next_fd_++;
}

std::expected<int, int> FakeKvm::open(const char *) {
  if (const auto failure = planned_failure(kOpen)) return error(*failure);
  return new_descriptor(Kind::kSystem);
}

void FakeKvm::close(int fd) {
  const auto found = descriptors_.find(fd);
  if (found == descriptors_.end()) throw std::logic_error("closed a descriptor that is not open");
  if (found->second == Kind::kMemory) ::close(fd);
  regions_.erase(fd);
  descriptors_.erase(found);
}

std::expected<int, int> FakeKvm::create_memory_file(const char *name, bool huge) {
  if (const auto failure = planned_failure(kCreateMemoryFile)) return error(*failure);
  if (huge && !host_.huge_pages) return error(ENOSYS);
  const int fd = ::memfd_create(name, MFD_CLOEXEC);
  if (fd < 0) return error(errno);
  descriptors_[fd] = Kind::kMemory;
  return fd;
}

std::expected<void, int> FakeKvm::resize_file(int fd, std::uint64_t length) {
  if (const auto failure = planned_failure(kResizeFile)) return error(*failure);
  if (::ftruncate(fd, static_cast<off_t>(length)) != 0) return error(errno);
  return {};
}

std::expected<void *, int> FakeKvm::mmap(std::size_t length, int fd) {
  if (const auto failure = planned_failure(kMmap)) return error(*failure);
  if (fd >= 0 && !vcpu_of_.contains(fd)) {
    void *address = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (address == MAP_FAILED) return error(errno);
    mappings_[address] = {{}, length};
    return address;
  }
  std::vector<std::byte> memory(length);
  void *address = memory.data();
  mappings_[address] = {std::move(memory), length};
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
  if (found == mappings_.end() || found->second.length != length)
    throw std::logic_error("unmapped a range that is not mapped");
  if (found->second.memory.empty()) ::munmap(address, length);
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
      return vm_ioctl(fd, request, argument);
    case Kind::kMemory:
      return error(ENOTTY);
    case Kind::kXics:
      return xics_ioctl(request, argument);
    case Kind::kVcpu:
      break;
  }
  return vcpu_ioctl(vcpu(vcpu_of_.at(fd)), request, argument);
}

}  // namespace parley::testing
