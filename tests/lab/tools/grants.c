// SPDX-License-Identifier: Apache-2.0
//
// Asks KVM for the levels that it grants (KVM_PPC_GET_COMPAT_CAPS), with valid and invalid arguments, and prints each
// answer: the errno, the returned size, the bits. levels_test.py compares them with the answers of
// tests/kvm/fake_kvm.cpp. The numbers are those of include/parley/kvm/abi.hpp, because the build's kernel headers may
// be older than the kernel.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static void ask(const char *what, int fd, uint64_t size, uint64_t flags) {
  uint64_t caps[4] = {size, flags, 0, 0};
  const int error = syscall(SYS_ioctl, fd, 0x2000aeb8ul, caps) < 0 ? errno : 0;
  printf("%s: %d %d 0x%016llx\n", what, error, (int)caps[0], (unsigned long long)caps[2]);
}

int main(void) {
  const int system = open("/dev/kvm", O_RDWR);
  const int vm = syscall(SYS_ioctl, system, 0x2000ae01ul, 1);
  const int vcpu = syscall(SYS_ioctl, vm, 0x2000ae41ul, 0);
  if (system < 0 || vm < 0 || vcpu < 0) return 1;
  ask("valid", vm, 24, 0);
  ask("larger", vm, 32, 0);
  ask("smaller", vm, 16, 0);
  ask("size 0", vm, 0, 0);
  ask("with a flag", vm, 24, 1);
  ask("on the system descriptor", system, 24, 0);
  ask("on a vCPU", vcpu, 24, 0);
  return 0;
}
