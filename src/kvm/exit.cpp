// SPDX-License-Identifier: Apache-2.0
//
// How an errno and an exit_reason map to one case, and the message for each failure. exit.hpp explains the two
// channels.
//
// The mapping follows Linux 7.2: arch/powerpc/kvm/powerpc.c (kvm_arch_vcpu_ioctl_run, kvmppc_sanity_check), book3s_hv.c
// (kvmppc_vcpu_run_hv, kvmppc_handle_exit_hv), book3s_hv_nestedv2.c, virt/kvm/kvm_main.c (kvm_vcpu_ioctl). The errno
// decides first, because KVM leaves exit_reason and its union stale on most error paths. EINVAL has three causes that
// exit_reason tells apart: FAIL_ENTRY for a hash guest without its table, INTERNAL_ERROR for the sanity check (wrong
// level or no PAPR), and an untouched reason for a call that KVM rejected at once.
#include "parley/kvm/exit.hpp"

#include <algorithm>
#include <cerrno>

#include "parley/base/text.hpp"

namespace parley::kvm {
namespace {

using Kind = RunFailureKind;

// Under nested API v2 KVM stores the -EINVAL of a failed entry as if it were a trap number.
constexpr auto kFailedEntryTrap = static_cast<std::uint64_t>(-EINVAL);

Kind kind_of_errno(int error, std::uint32_t reason) {
  switch (error) {
    case EINVAL:
      if (reason == abi::kExitFailEntry) return Kind::kNoHashMemory;
      return reason == kUntouched ? Kind::kBadCall : Kind::kUnexpectedErrno;
    case ENOMEM:
      return reason == abi::kExitFailEntry ? Kind::kNoHashMemory : Kind::kOutOfMemory;
    case EIO:
      return Kind::kForeignProcess;
    case EFAULT:
      return Kind::kHostMemory;
    case EAGAIN:
      return Kind::kTryAgain;
    default:
      return Kind::kUnexpectedErrno;
  }
}

Kind kind_of_reason(std::uint32_t reason, std::uint64_t hardware_reason) {
  switch (reason) {
    case abi::kExitUnknown:
      return hardware_reason == kFailedEntryTrap ? Kind::kLateRefusal : Kind::kUnknownTrap;
    case abi::kExitFailEntry:
      return Kind::kEntryFailed;
    case abi::kExitInternalError:
      return Kind::kHypervisorMode;
    case abi::kExitNmi:
      return Kind::kMachineCheck;
    default:
      return Kind::kUnexpectedExit;
  }
}

struct Wording {
  Kind kind;
  std::string_view name;
  std::string_view what;
  std::string_view what_to_do;
};

constexpr std::string_view kReport = "this should not happen: please report it with the kernel's log";

constexpr Wording kWordings[] = {
    {Kind::kLevelInvalid, "level-invalid", "the kernel refuses to run the vCPU: this host cannot run its level",
     "ask for a level that is legal here (parley inspect lists them), or add --on-refusal fallback"},
    {Kind::kPaprMissing, "papr-missing", "the kernel refuses to run the vCPU: it is not a PAPR vCPU",
     "enable KVM_CAP_PPC_PAPR before any other capability of the vCPU"},
    {Kind::kNoHashMemory, "no-hash-memory",
     "the kernel could not enter the guest: no hash page table, or the calling thread is in a transaction",
     "give the guest less memory, or reserve more for KVM (kvm_cma_resv_ratio)"},
    {Kind::kBadCall, "bad-call", "the kernel rejected the call before it looked at the vCPU", kReport},
    {Kind::kForeignProcess, "foreign-process", "the VM is dead, or belongs to another process",
     "run the guest in the process that created it"},
    {Kind::kHostMemory, "host-memory", "the kernel cannot access the memory behind the guest's RAM",
     "check the host for memory errors"},
    {Kind::kOutOfMemory, "out-of-memory", "the host ran out of memory while it ran the guest",
     "give the guest less memory (-m), or free some on the host"},
    {Kind::kTryAgain, "try-again", "the kernel keeps returning EAGAIN", "try later: the host is busy"},
    {Kind::kLateRefusal, "late-refusal", "the hypervisor refused to enter the guest",
     "see dmesg; 'couldn't set guest wide elements' there means a refused level: ask for a lower one"},
    {Kind::kUnknownTrap, "unknown-trap", "the guest exited by a trap that the kernel does not know",
     "see dmesg for the vCPU's registers"},
    {Kind::kEntryFailed, "entry-failed", "the processor refused to enter the guest", kReport},
    {Kind::kHypervisorMode, "hypervisor-mode", "the guest was found in hypervisor mode", kReport},
    {Kind::kMachineCheck, "machine-check", "a machine check hit the guest", "check the host's hardware and its log"},
    {Kind::kUnexpectedExit, "unexpected-exit", "the guest exited for a reason that Parley does not handle", kReport},
    {Kind::kUnexpectedErrno, "unexpected-errno", "the kernel failed to run the vCPU", kReport},
};

const Wording &wording(Kind kind) { return *std::ranges::find(kWordings, kind, &Wording::kind); }

std::string evidence(const RunFailure &failure) {
  std::string text = "KVM_RUN " + (failure.error != 0 ? errno_text(failure.error) : std::string("succeeded"));
  text += failure.exit_reason ? ", exit_reason " + std::to_string(*failure.exit_reason) : ", exit_reason untouched";
  if (failure.error == 0) text += ", hardware reason " + hex64(failure.hardware_reason);
  text += failure.arch_compat ? ", arch_compat reads back " + hex32(failure.arch_compat->value)
                              : std::string(", arch_compat cannot be read");
  return text + " (" + std::string(name(failure.kind)) + ")";
}

Exit mmio(const abi::Run &run) {
  const GuestAddress address{run.mmio.phys_addr};
  const auto data = std::as_bytes(std::span(run.mmio.data));
  const auto length = std::min<std::uint32_t>(run.mmio.len, sizeof run.mmio.data);
  if (run.mmio.is_write != 0) return MmioStore{address, data.first(length)};
  return MmioLoad{address, length};
}

}  // namespace

Exit classify_exit(int error, abi::Run &run) {
  const std::uint32_t reason = run.exit_reason;
  if (error == EINTR) return Interrupted{};
  // RTAS in the kernel returns an errno of its own with the hcall unfinished (book3s_rtas.c:kvmppc_rtas_hcall).
  if (error != 0 && reason == abi::kExitPaprHcall) return BadRtasArguments{};
  if (error == 0) {
    switch (reason) {
      case abi::kExitPaprHcall:
        return Hcall{run.papr_hcall.nr, run.papr_hcall.args};
      case abi::kExitMmio:
        return mmio(run);
      case abi::kExitIntr:
        return Interrupted{};
      default:
        break;
    }
  }
  RunFailure failure;
  failure.kind = error != 0 ? kind_of_errno(error, reason) : kind_of_reason(reason, run.hw.hardware_exit_reason);
  failure.error = error;
  if (reason != kUntouched) failure.exit_reason = reason;
  if (error == 0) failure.hardware_reason = run.hw.hardware_exit_reason;  // with an errno the union is stale
  return failure;
}

RunFailure with_level(RunFailure failure, std::optional<LogicalPvr> arch_compat) {
  failure.arch_compat = arch_compat;
  if (failure.error == EINVAL && failure.exit_reason == abi::kExitInternalError && arch_compat)
    failure.kind = arch_compat == kInvalidLogicalPvr ? Kind::kLevelInvalid : Kind::kPaprMissing;
  return failure;
}

std::string_view name(RunFailureKind kind) { return wording(kind).name; }

Failure explain(const RunFailure &failure) {
  const Wording &words = wording(failure.kind);
  return {std::string(words.what), evidence(failure), std::string(words.what_to_do)};
}

}  // namespace parley::kvm
