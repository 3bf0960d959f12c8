// SPDX-License-Identifier: Apache-2.0
#include "parley/sandbox/sandbox.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <span>

#include "filters.hpp"
#include "landlock.hpp"
#include "rules.hpp"

namespace parley::sandbox {
namespace {

static_assert(kGetForeground == TIOCGPGRP && kSetNonBlocking == FIONBIO);

Failure cannot_lock(const kvm::CallError &error) {
  return {"cannot enter the sandbox", describe(error),
          "EMFILE: allow more open files (ulimit -n); otherwise use a kernel with this call (docs/security.md), or run "
          "without the sandbox (--sandbox off)"};
}

std::span<const sock_filter> compiled(Kind kind) {
  switch (kind) {
    case Kind::kConsole:
      return kConsoleFilter;
    case Kind::kGuest:
      return kGuestFilter;
    case Kind::kVcpu:
      break;
  }
  return kVcpuFilter;
}

// Fills in the values that are known only at run time.
std::vector<sock_filter> completed(std::span<const sock_filter> compiled, Mode mode, const Openings &openings) {
  std::vector<sock_filter> program(compiled.begin(), compiled.end());
  for (sock_filter &step : program) {
    if (BPF_CLASS(step.code) == BPF_JMP && step.k == kOwnProcess) step.k = static_cast<std::uint32_t>(::getpid());
    if (BPF_CLASS(step.code) == BPF_JMP && step.k == kReadableFolder) {
      if (openings.readable_below >= 0) {
        step.k = static_cast<std::uint32_t>(openings.readable_below);
      } else {
        step.jt = step.jf;
      }
    }
    if (mode == Mode::kLog && BPF_CLASS(step.code) == BPF_RET && step.k == SECCOMP_RET_KILL_PROCESS)
      step.k = SECCOMP_RET_LOG;
  }
  return program;
}

}  // namespace

std::expected<bool, Failure> confines_files() {
  const auto abi = landlock_abi();
  if (!abi) return std::unexpected(cannot_lock(abi.error()));
  return *abi > 0;
}

std::expected<void, Failure> lock_process(Mode mode, const Openings &openings) {
  if (mode == Mode::kOff) return {};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return std::unexpected(cannot_lock({"prctl PR_SET_NO_NEW_PRIVS", errno}));
  if (mode == Mode::kOn) {  // Landlock cannot log without refusing
    if (const auto closed = close_files(openings); !closed) return std::unexpected(cannot_lock(closed.error()));
  }
  return {};
}

std::expected<void, Failure> lock_thread(Mode mode, Kind kind, const Openings &openings) {
  if (mode == Mode::kOff) return {};
  std::vector<sock_filter> steps = completed(compiled(kind), mode, openings);
  const sock_fprog program{static_cast<unsigned short>(steps.size()), steps.data()};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
    return std::unexpected(cannot_lock({"seccomp", errno}));
  return {};
}

}  // namespace parley::sandbox
