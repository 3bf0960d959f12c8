// SPDX-License-Identifier: Apache-2.0
//
// The policy: one line for each thing that a thread may do, and why it must. tests/lab/robustness/sandbox_test.py runs
// guests under a tracer and fails on a line that none of them needed.
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
// An absolute path would do with any folder: Landlock keeps the thread to this one, but where only a path is looked up.
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
    request(abi::kGetRegs, kBoth, "where a guest is that does not move (the watchdog)"),
    request(abi::kSetRegs, kBoth, "a vCPU's first registers"),
    request(abi::kGetOneReg, kBoth, "its level, read back, and its LPCR"),
    request(abi::kSetOneReg, kBoth, "its level, when it negotiates, and its LPCR"),
    request(abi::kEnableCap, kBoth, "PAPR and interrupts of a vCPU, hcalls that KVM answers"),
    request(abi::kConfigureV3Mmu, kBoth, "its process table (H_REGISTER_PROC_TBL)"),
    call(SCMP_SYS(getrandom), kBoth, "random numbers for the guest"),
    call(SCMP_SYS(clock_gettime), kAll, "how long a vCPU has run (the watchdog); the time, on a kernel without vDSO"),
    request(abi::kGetCpuChar, kBoth, "H_GET_CPU_CHARACTERISTICS"),
    request(abi::kIrqLine, kConsole | kGuest, "the console's interrupt, also for what was typed before a reboot"),
    call(SCMP_SYS(pwrite64), kBoth, "the NVRAM's file, and the guest's device tree (--dump-dtb)"),

    // The machine of a guest that reboots
    request(abi::kGetVcpuMmapSize, kGuest, "a new machine"),
    request(abi::kCreateVm, kGuest, "a new machine"),
    request(abi::kCreateVcpu, kGuest, "a new machine"),
    request(abi::kSetUserMemoryRegion, kGuest, "a new machine"),
    request(abi::kCreateDevice, kGuest, "a new machine"),
    request(abi::kSetDeviceAttr, kGuest, "a new machine"),
    request(abi::kRtasDefineToken, kGuest, "a new machine"),
    call(SCMP_SYS(ftruncate), kBoth, "another device tree (--dump-dtb)"),
    {SCMP_SYS(openat), kGuest, "the host's level, looked at again", kBelowFolder, kToRead},
    call(SCMP_SYS(pread64), kGuest, "the host's level, looked at again"),

    // The console
    call(SCMP_SYS(sched_yield), kBoth, "letting the console's thread write what the guest has"),
    call(SCMP_SYS(epoll_create1), kConsole, "a peer that comes"),
    call(SCMP_SYS(epoll_ctl), kAll, "what is waited for, and waking who waits"),
    call(SCMP_SYS(epoll_wait), kConsole, "the console's loop"),
    call(SCMP_SYS(timerfd_settime), kConsole, "its timers"),
    call(SCMP_SYS(read), kConsole, "typed characters, signals"),
    call(SCMP_SYS(accept4), kConsole, "a peer that comes"),
    call(SCMP_SYS(fcntl), kConsole, "the second descriptor of a peer", kSecondDescriptor),
    call(SCMP_SYS(poll), kConsole, "what can still be written at the end"),
    request(kSetNonBlocking, kConsole, "signals that do not block"),
    request(kGetTerminal, kAll, "the terminal as it was, put back also when a thread crashes"),
    request(kSetTerminal, kAll, "the terminal, raw and as it was"),
    request(kGetForeground, kAll, "who stands in the foreground"),
    call(SCMP_SYS(getpgrp), kAll, "who stands in the foreground"),
    call(SCMP_SYS(rt_sigaction), kConsole, "signals that would leave the terminal raw"),
    call(SCMP_SYS(newfstatat), kConsole, "is the socket's file still ours?"),
    call(SCMP_SYS(unlink), kConsole, "the socket's file, at the end"),

    // All
    call(SCMP_SYS(write), kAll, "the guest's output, messages, waking the console's thread"),
    call(SCMP_SYS(futex), kAll, "locks"),
    call(SCMP_SYS(gettid), kAll, "messages, and dying of a signal that was caught"),
    call(SCMP_SYS(getpid), kAll, "dying of a signal that was caught"),
    call(SCMP_SYS(tgkill), kAll, "getting a vCPU out of the guest", kThisProcess),
    call(SCMP_SYS(rt_sigprocmask), kAll, "signals while threads start and end"),
    call(SCMP_SYS(rt_sigreturn), kAll, "the way back from a signal"),
    call(SCMP_SYS(restart_syscall), kAll, "a wait that a stopped process goes on with"),
    call(SCMP_SYS(mmap), kAll, "memory that is not executable", kNotExecutable),
    call(SCMP_SYS(mprotect), kAll, "memory that is not executable", kNotExecutable),
    call(SCMP_SYS(munmap), kAll, "memory"),
    call(SCMP_SYS(madvise), kAll, "the stacks of threads that end, the guest's large pages"),
    call(SCMP_SYS(brk), kAll, "memory"),
    call(SCMP_SYS(close), kAll, "what is not needed any more"),
    call(SCMP_SYS(clone), kGuest, "threads, and no processes", kThread),
    call(SCMP_SYS(clone3), kGuest, "answered with ENOSYS: its flags lie in memory, where no filter looks"),
    call(SCMP_SYS(set_robust_list), kGuest, "threads that start"),
    call(SCMP_SYS(rseq), kAll, "threads that start and end"),
    call(SCMP_SYS(seccomp), kGuest, "the filter of a vCPU's thread"),
    call(SCMP_SYS(exit), kAll, "threads that end"),
    call(SCMP_SYS(exit_group), kAll, "the end"),
};

}  // namespace

std::span<const Rule> rules() { return kRules; }

}  // namespace parley::sandbox
