// SPDX-License-Identifier: Apache-2.0
#include "run_failure.hpp"

#include "watchdog.hpp"

namespace parley::machine {

using Kind = kvm::RunFailureKind;

bool is_level_refusal(const FailedRun &run) {
  if (run.guest_ran) return false;
  if (run.failure.kind == Kind::kLevelInvalid) return true;
  const auto level = run.level.level();
  return run.failure.kind == Kind::kLateRefusal && level && run.host_level && *level > *run.host_level;
}

Failure explain(const FailedRun &run, const GuestMemory &memory) {
  Failure message = kvm::explain(run.failure);
  if (run.failure.kind != Kind::kLateRefusal || is_level_refusal(run)) return message;
  if (run.guest_ran) {
    message.what = "the hypervisor ended the guest while it ran";
    message.why += run.level.is_raw() ? "; the guest ran" : "; the level was taken and the guest ran";
  } else if (run.level.level() && run.host_level) {
    message.why += "; the level is not above the host's";
  }
  if (run.regs) message.why += "; " + describe_place(run.vcpu, *run.regs, memory);
  message.what_to_do =
      "examine that instruction: an emulated hypervisor (QEMU, nested API v2) ends a guest in this way when its "
      "processor lacks the instruction; otherwise see dmesg";
  return message;
}

}  // namespace parley::machine
