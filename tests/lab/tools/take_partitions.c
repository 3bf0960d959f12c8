// SPDX-License-Identifier: Apache-2.0
//
// Creates KVM guests until the host has no partition left, runs a command, closes one guest, and runs the command
// again. It does not end by itself: the kernel needs half a minute to free all partitions.
//
// usage: take-partitions COMMAND
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { kHv = 1 };  // KVM_VM_PPC_HV

int main(int argc, char **argv) {
  const struct rlimit many = {1 << 20, 1 << 20};
  const int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
  if (argc != 2 || kvm < 0 || setrlimit(RLIMIT_NOFILE, &many) != 0) return 2;
  int last = -1, count = 0;
  for (int vm; (vm = ioctl(kvm, KVM_CREATE_VM, kHv)) >= 0; last = vm, ++count) fcntl(vm, F_SETFD, FD_CLOEXEC);
  printf("%d taken, then %s\n", count, strerror(errno));
  fflush(stdout);
  system(argv[1]);
  close(last);
  system(argv[1]);
  puts("done");
  fflush(stdout);
  pause();
}
