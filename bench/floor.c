// SPDX-License-Identifier: Apache-2.0
//
// The lower bound that bench/run compares Parley with: only the system calls that set up and run the guest. It applies
// no policy and does not end by itself; the guest's output goes directly to standard output.
//
// usage: floor GUEST RAM-MIB LOGICAL-PVR
#include <asm/kvm.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int must(int result, const char *what) {
  if (result >= 0) return result;
  perror(what);
  exit(1);
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  const size_t size = strtoull(argv[2], NULL, 10) << 20;
  const int kvm = must(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
  const int vm = must(ioctl(kvm, KVM_CREATE_VM, 1ul), "KVM_CREATE_VM");  // 1: HV
  char *ram = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  const int image = must(open(argv[1], O_RDONLY), argv[1]);
  must((int)read(image, ram, size), argv[1]);
  struct kvm_userspace_memory_region region = {.memory_size = size, .userspace_addr = (uintptr_t)ram};
  must(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
  struct kvm_ppc_mmuv3_cfg radix = {.flags = KVM_PPC_MMUV3_RADIX | KVM_PPC_MMUV3_GTSE, .process_table = 1ull << 63};
  must(ioctl(vm, KVM_PPC_CONFIGURE_V3_MMU, &radix), "KVM_PPC_CONFIGURE_V3_MMU");
  struct kvm_create_device xics = {.type = KVM_DEV_TYPE_XICS};
  must(ioctl(vm, KVM_CREATE_DEVICE, &xics), "KVM_CREATE_DEVICE");
  const int vcpu = must(ioctl(vm, KVM_CREATE_VCPU, 0ul), "KVM_CREATE_VCPU");
  struct kvm_run *run = mmap(NULL, must(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE"),
                             PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
  struct kvm_enable_cap papr = {.cap = KVM_CAP_PPC_PAPR};
  must(ioctl(vcpu, KVM_ENABLE_CAP, &papr), "KVM_CAP_PPC_PAPR");
  struct kvm_enable_cap connected = {.cap = KVM_CAP_IRQ_XICS, .args = {xics.fd, 0}};
  must(ioctl(vcpu, KVM_ENABLE_CAP, &connected), "KVM_CAP_IRQ_XICS");
  uint32_t level = strtoul(argv[3], NULL, 0);
  struct kvm_one_reg compat = {.id = KVM_REG_PPC_ARCH_COMPAT, .addr = (uintptr_t)&level};
  must(ioctl(vcpu, KVM_SET_ONE_REG, &compat), "KVM_SET_ONE_REG arch_compat");
  struct kvm_regs regs = {.msr = 1ull << 63 | 1};  // 64-bit, little-endian
  must(ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
  for (;;) {
    must(ioctl(vcpu, KVM_RUN, 0), "KVM_RUN");
    if (run->exit_reason != KVM_EXIT_PAPR_HCALL) return 1;
    run->papr_hcall.ret = 0;
    const uint64_t length = run->papr_hcall.args[1];
    if (run->papr_hcall.nr != 0x58 || length == 0 || length > 16) continue;
    char text[16];
    for (uint64_t i = 0; i < length; ++i) text[i] = (char)(run->papr_hcall.args[2 + i / 8] >> (56 - 8 * (i % 8)));
    must((int)write(STDOUT_FILENO, text, length), "write");
  }
}
