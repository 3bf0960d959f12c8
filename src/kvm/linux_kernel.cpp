// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "parley/kvm/kernel.hpp"

namespace parley::kvm {
namespace {

class LinuxKernel final : public Kernel {
 public:
  std::expected<int, int> open(const char *path) override { return checked(::open(path, O_RDWR | O_CLOEXEC)); }

  std::expected<int, int> ioctl(int fd, std::uint32_t request, unsigned long argument) override {
    return checked(::ioctl(fd, request, argument));
  }

  std::expected<void *, int> mmap(std::size_t length, int fd) override {
    // Guest RAM is not reserved: a guest touches it page by page, as it would on a machine of its own.
    const int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED;
    void *address = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (address == MAP_FAILED) return std::unexpected(errno);
    return address;
  }

  void munmap(void *address, std::size_t length) override { ::munmap(address, length); }
  void close(int fd) override { ::close(fd); }

 private:
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
