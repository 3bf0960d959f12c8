// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "parley/kvm/kernel.hpp"

namespace parley::kvm {
namespace {

constexpr std::size_t kSmallestHugePage = 2 << 20;  // of radix hosts

class LinuxKernel final : public Kernel {
 public:
  std::expected<int, int> open(const char *path) override { return checked(::open(path, O_RDWR | O_CLOEXEC)); }

  std::expected<int, int> ioctl(int fd, const IoctlInfo &call, unsigned long argument) override {
    return checked(system_call(fd, call.number, argument));
  }

  int enter(int vcpu_fd, abi::Run &) override { return system_call(vcpu_fd, abi::kRun, 0) < 0 ? errno : 0; }
  // KVM takes the answer from kvm_run at the next entry.
  void complete(int, const Completion &) override {}
  bool observes_completions() const override { return false; }

  std::expected<int, int> create_memory_file(const char *name, bool huge) override {
    return checked(::memfd_create(name, MFD_CLOEXEC | (huge ? MFD_HUGETLB : 0u)));
  }

  std::expected<void, int> resize_file(int fd, std::uint64_t length) override {
    if (::ftruncate(fd, static_cast<off_t>(length)) != 0) return std::unexpected(errno);
    return {};
  }

  std::expected<void *, int> mmap(std::size_t length, int fd) override {
    // No swap space is reserved for guest RAM: most guests touch only a part of it.
    const int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED;
    void *address = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (address == MAP_FAILED) return std::unexpected(errno);
    // A guest's addresses are translated twice. Huge pages halve the cost of a TLB miss; madvise() may fail freely.
    // kvm_run is too small for one.
    if (length >= kSmallestHugePage) ::madvise(address, length, MADV_HUGEPAGE);
    return address;
  }

  std::expected<void, int> mmap_file(void *at, std::size_t length, int fd, std::uint64_t offset) override {
    const void *address =
        ::mmap(at, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, static_cast<off_t>(offset));
    if (address == MAP_FAILED) return std::unexpected(errno);
    return {};
  }

  std::size_t page_size() const override { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

  void munmap(void *address, std::size_t length) override { ::munmap(address, length); }
  void close(int fd) override { ::close(fd); }

 private:
  // On POWER the C library's ioctl() first compares the request with those of terminals.
  static int system_call(int fd, unsigned long request, unsigned long argument) {
    return static_cast<int>(::syscall(SYS_ioctl, fd, request, argument));
  }
  static std::expected<int, int> checked(int result) {
    if (result < 0) return std::unexpected(errno);
    return result;
  }
};

}  // namespace

Kernel &linux_kernel() {
  static LinuxKernel kernel;  // it has no state
  return kernel;
}

}  // namespace parley::kvm
