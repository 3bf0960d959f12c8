// SPDX-License-Identifier: Apache-2.0
//
// Why KVM_RUN came back.
//
// KVM_RUN has two channels, its return value and kvm_run's exit_reason, and a failure may use either, both or, in the
// reason's case, neither: -1 may leave the last exit's reason standing, and 0 may carry a fatal one. So run() poisons
// the reason before each entry, and classify_exit() reads both and says which of the known cases it was.
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

/// `sc 1`: number in r3. Complete it before the next run().
struct Hcall {
  std::uint64_t number;
  /// r4 to r12, in kvm_run: the arguments, and where the results go.
  std::array<std::uint64_t, 9> &registers;
};

/// A signal, or set_immediate_exit.
struct Interrupted {};

/// The kernel could not read the arguments of an RTAS call that it handles itself: the guest's mistake. Complete it as
/// an hcall.
struct BadRtasArguments {};

// A load or store outside of RAM. Its bytes stand in the order in which they would lie in guest memory
// (Documentation/virt/kvm/api.rst, KVM_EXIT_MMIO): KVM has already swapped them where the guest's byte order, or a
// byte-reversed load or store, differs from the host's. So a device that defines its registers as little-endian reads
// the bytes as little-endian, on any host and for any guest.

/// Complete it before the next run().
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
  std::optional<std::uint32_t> exit_reason;  ///< absent where the kernel left it untouched
  std::uint64_t hardware_reason = 0;         ///< of UNKNOWN, FAIL_ENTRY, INTERNAL_ERROR
  std::optional<LogicalPvr> arch_compat;     ///< as read back after the failure
};

using Exit = std::variant<Hcall, Interrupted, BadRtasArguments, MmioLoad, MmioStore, RunFailure>;

/// What stands in exit_reason before each entry.
inline constexpr std::uint32_t kUntouched = 0x77777777;

/// The only reader of kvm_run's union. `error` is KVM_RUN's errno, 0 when it succeeded. A failure wants with_level()
/// too.
Exit classify_exit(int error, abi::Run &run);
/// `arch_compat` is the register as it reads back now, none when it cannot be read: it tells a refused level from a
/// missing PAPR capability.
RunFailure with_level(RunFailure failure, std::optional<LogicalPvr> arch_compat);

/// "level-invalid", for scripts.
std::string_view name(RunFailureKind kind);
/// What failed, why with call, errno and registers, and what to do.
Failure explain(const RunFailure &failure);

}  // namespace parley::kvm
