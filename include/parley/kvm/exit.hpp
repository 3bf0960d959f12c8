// SPDX-License-Identifier: Apache-2.0
//
// The reasons for which KVM_RUN returns.
//
// KVM_RUN reports through two channels, its return value and exit_reason in kvm_run, and a failure may use either or
// both. Where it returns -1, exit_reason may still be that of the previous exit; where it returns 0, exit_reason may be
// fatal. So run() overwrites exit_reason with kUntouched before each entry, and classify_exit() derives one of the
// cases below from both channels.
//
// Three cases need an answer: Hcall, BadRtasArguments, MmioLoad. RunFailure means that the vCPU cannot continue. One
// errno has several causes, so RunFailure also carries arch_compat, read back after the failure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "parley/base/bytes.hpp"
#include "parley/base/failure.hpp"
#include "parley/base/level.hpp"
#include "parley/kvm/abi.hpp"

namespace parley::kvm {

/// A hypercall: `sc 1` with its number in r3. Complete it before the next run().
struct Hcall {
  std::uint64_t number;
  /// r4 to r12, in kvm_run: the arguments, then the results.
  std::array<std::uint64_t, 9> &registers;
};

/// A signal or set_immediate_exit() interrupted KVM_RUN.
struct Interrupted {};

/// KVM handles this RTAS call itself, but could not read its arguments: an error of the guest. Complete it as an hcall.
struct BadRtasArguments {};

/// A load from outside RAM, or a store (MmioStore). Complete a load before the next run().
///
/// The bytes have the order in which they would lie in guest memory (Documentation/virt/kvm/api.rst, KVM_EXIT_MMIO). If
/// the access has another byte order than the host, KVM has already swapped the bytes. So a device that defines its
/// registers as little-endian reads the bytes as little-endian, on any host and for any guest.
struct MmioLoad {
  GuestAddress address;
  std::uint32_t length;  ///< bytes: 1, 2, 4 or 8
};
struct MmioStore {
  GuestAddress address;
  ByteView bytes;  ///< 1, 2, 4 or 8, in kvm_run: valid until the next run()
};

enum class RunFailureKind : std::uint8_t {
  kLevelInvalid,
  kPaprMissing,
  kNoHashMemory,
  kBadCall,
  kForeignProcess,
  kHostMemory,
  kOutOfMemory,
  kTryAgain,
  kLateRefusal,
  kUnknownTrap,
  kEntryFailed,
  kHypervisorMode,
  kMachineCheck,
  kUnexpectedExit,
  kUnexpectedErrno,
};

struct RunFailure {
  RunFailureKind kind;
  int error = 0;                             ///< errno; 0 where KVM_RUN itself succeeded
  std::optional<std::uint32_t> exit_reason;  ///< none where KVM did not write it
  std::uint64_t hardware_reason = 0;         ///< of UNKNOWN, FAIL_ENTRY, INTERNAL_ERROR
  std::optional<LogicalPvr> arch_compat;     ///< as read back after the failure
};

using Exit = std::variant<Hcall, Interrupted, BadRtasArguments, MmioLoad, MmioStore, RunFailure>;

/// The value of exit_reason before each entry.
inline constexpr std::uint32_t kUntouched = 0x77777777;

/// The only reader of kvm_run's union. `error` is KVM_RUN's errno, 0 where it succeeded. Pass a failure to
/// with_level().
Exit classify_exit(int error, abi::Run &run);
/// Adds arch_compat as read back after the failure, none where it cannot be read. It tells a refused level from a
/// missing PAPR capability.
RunFailure with_level(RunFailure failure, std::optional<LogicalPvr> arch_compat);

/// "level-invalid": stable, for scripts.
std::string_view name(RunFailureKind kind);
/// The reason names the call, the errno and the registers.
Failure explain(const RunFailure &failure);

}  // namespace parley::kvm
