// SPDX-License-Identifier: Apache-2.0
//
// The policy: each line is one permission, with its reason. tests/lab/robustness/sandbox_test.py runs guests under a
// tracer and fails on a line that no guest needed.
//
// The kinds of threads have lists of their own (sandbox.hpp). A condition on an argument narrows a call further: an
// ioctl is allowed for listed requests only, clone() for threads only, tgkill() for this process only. A filter sees
// the registers of a call and no memory. Therefore a path cannot be compared (Landlock confines openat), and clone3(),
// whose flags are in memory, is answered with ENOSYS, so that the C library uses clone().
//
// libseccomp compiles the table when Parley is built (compile_filters.cpp).
#include "rules.hpp"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>

#include "parley/kvm/abi.hpp"

namespace parley::sandbox {
namespace {

namespace abi = kvm::abi;

constexpr unsigned kConsole = bit(Kind::kConsole);
constexpr unsigned kGuest = bit(Kind::kGuest);
constexpr unsigned kVcpu = bit(Kind::kVcpu);
constexpr unsigned kBoth = kGuest | kVcpu;
constexpr unsigned kAll = kConsole | kBoth;

constexpr std::uint64_t kWhole = ~std::uint64_t{0};
constexpr Condition kNotExecutable{2, PROT_EXEC, 0};
constexpr Condition kThread{0, CLONE_THREAD, CLONE_THREAD};
constexpr Condition kSecondDescriptor{1, kWhole, F_DUPFD_CLOEXEC};
constexpr Condition kThisProcess{0, kWhole, kOwnProcess};
// openat() ignores the folder if the path is absolute. Landlock confines the thread to this folder nevertheless.
constexpr Condition kBelowFolder{0, kWhole, kReadableFolder};
constexpr Condition kToRead{2, kWhole, O_RDONLY | O_CLOEXEC};

constexpr Rule call(int number, unsigned kinds, const char *why, std::optional<Condition> condition = std::nullopt) {
  return {number, kinds, why, condition};
}
constexpr Rule request(std::uint32_t number, unsigned kinds, const char *why) {
  return call(SCMP_SYS(ioctl), kinds, why, Condition{1, kWhole, number});
}

constexpr Rule kRules[] = {
    // The guest
    request(abi::kRun, kBoth, "the guest's instructions"),
    request(abi::kGetRegs, kBoth, "the pc of a guest that makes no progress (the watchdog)"),
    request(abi::kSetRegs, kBoth, "a vCPU's first registers"),
    request(abi::kGetOneReg, kBoth, "a vCPU's level, read back, and its LPCR"),
    request(abi::kSetOneReg, kBoth, "a vCPU's level, when the guest negotiates, and its LPCR"),
    request(abi::kEnableCap, kBoth, "PAPR and interrupts of a vCPU, hcalls in the kernel"),
    request(abi::kConfigureV3Mmu, kBoth, "the guest's process table (H_REGISTER_PROC_TBL)"),
    request(abi::kAllocateHtab, kBoth, "the page table of a guest with the hash MMU"),
    call(SCMP_SYS(getrandom), kBoth, "random numbers for the guest"),
    call(SCMP_SYS(clock_gettime), kAll, "a vCPU's run time (the watchdog); the time, on a kernel without a vDSO"),
    request(abi::kGetCpuChar, kBoth, "H_GET_CPU_CHARACTERISTICS"),
    request(abi::kIrqLine, kConsole | kGuest, "the console's interrupt, also for input from before a reboot"),
    call(SCMP_SYS(pwrite64), kBoth, "the NVRAM's file, and the guest's device tree (--dump-dtb)"),

    // The machine of a guest that reboots
    request(abi::kGetVcpuMmapSize, kGuest, "a new machine"),
    request(abi::kCreateVm, kGuest, "a new machine"),
    request(abi::kCreateVcpu, kGuest, "a new machine"),
    request(abi::kSetUserMemoryRegion, kGuest, "a new machine"),
    request(abi::kCreateDevice, kGuest, "a new machine"),
    request(abi::kSetDeviceAttr, kGuest, "a new machine"),
    request(abi::kRtasDefineToken, kGuest, "a new machine"),
    call(SCMP_SYS(ftruncate), kBoth, "a further device tree (--dump-dtb)"),
    {SCMP_SYS(openat), kGuest, "reading the host's level again", kBelowFolder, kToRead},
    call(SCMP_SYS(pread64), kGuest, "reading the host's level again"),

    // The console
    call(SCMP_SYS(sched_yield), kBoth, "letting the console's thread write the guest's output"),
    call(SCMP_SYS(epoll_create1), kConsole, "a new peer"),
    call(SCMP_SYS(epoll_ctl), kAll, "waiting for descriptors, and waking the console's thread"),
    call(SCMP_SYS(epoll_wait), kConsole, "the console's loop"),
    call(SCMP_SYS(timerfd_settime), kConsole, "its timers"),
    call(SCMP_SYS(read), kConsole, "typed characters, signals"),
    call(SCMP_SYS(accept4), kConsole, "a new peer"),
    call(SCMP_SYS(fcntl), kConsole, "the second descriptor of a peer", kSecondDescriptor),
    call(SCMP_SYS(poll), kConsole, "whether a write would block"),
    request(kSetNonBlocking, kConsole, "making Asio's descriptors non-blocking"),
    request(kGetTerminal, kAll, "the terminal's settings, restored also when a thread crashes"),
    request(kSetTerminal, kAll, "the terminal, made raw and restored"),
    request(kGetForeground, kAll, "whether Parley is in the terminal's foreground"),
    call(SCMP_SYS(getpgrp), kAll, "whether Parley is in the terminal's foreground"),
    call(SCMP_SYS(rt_sigaction), kConsole, "signals that would leave the terminal raw"),
    call(SCMP_SYS(newfstatat), kConsole, "whether the socket's file is still ours"),
    call(SCMP_SYS(unlink), kConsole, "the socket's file, at the end"),

    // All
    call(SCMP_SYS(write), kAll, "the guest's output, messages, waking the console's thread"),
    call(SCMP_SYS(futex), kAll, "locks"),
    call(SCMP_SYS(gettid), kAll, "messages, and dying of a caught signal"),
    call(SCMP_SYS(getpid), kAll, "dying of a caught signal"),
    call(SCMP_SYS(tgkill), kAll, "kicking a vCPU out of the guest", kThisProcess),
    call(SCMP_SYS(rt_sigprocmask), kAll, "signals while threads start and end"),
    call(SCMP_SYS(rt_sigreturn), kAll, "returning from a signal handler"),
    call(SCMP_SYS(restart_syscall), kAll, "continuing a wait after the process was stopped"),
    call(SCMP_SYS(mmap), kAll, "memory that is not executable", kNotExecutable),
    call(SCMP_SYS(mprotect), kAll, "memory that is not executable", kNotExecutable),
    call(SCMP_SYS(munmap), kAll, "memory"),
    call(SCMP_SYS(madvise), kAll, "the stacks of ending threads, the guest's large pages"),
    call(SCMP_SYS(brk), kAll, "memory"),
    call(SCMP_SYS(close), kAll, "descriptors that are no longer needed"),
    call(SCMP_SYS(clone), kGuest, "threads, not processes", kThread),
    call(SCMP_SYS(clone3), kGuest, "answered with ENOSYS: its flags are in memory, which no filter can see"),
    call(SCMP_SYS(set_robust_list), kGuest, "starting threads"),
    call(SCMP_SYS(rseq), kAll, "starting and ending threads"),
    call(SCMP_SYS(seccomp), kGuest, "the filter of a vCPU's thread"),
    call(SCMP_SYS(exit), kAll, "ending threads"),
    call(SCMP_SYS(exit_group), kAll, "the end"),
};

}  // namespace

std::span<const Rule> rules() { return kRules; }

}  // namespace parley::sandbox
