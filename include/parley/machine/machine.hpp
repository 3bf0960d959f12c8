// SPDX-License-Identifier: Apache-2.0
//
// Builds the machine of a plan in KVM and runs it.
//
// The order is one that KVM takes: the VM and a first vCPU, memory, radix, the interrupt controller, the other vCPUs,
// on each PAPR and its interrupts, and only then the level, set and read back on each; the guest's registers last.
// Nothing is entered unless the register reads back the level that was announced. The one exception is a forced level
// that the kernel has marked invalid: such a vCPU is run to see what KVM_RUN says, and cannot enter the guest.
//
// Each vCPU has a thread. All but the first wait until the guest starts them. What the guest calls is answered by one
// thread at a time, under one lock, but for calls that touch nothing shared (papr::HcallEntry::independent); a vCPU
// that idles does so inside the kernel.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "parley/base/failure.hpp"
#include "parley/devices/vty.hpp"
#include "parley/guest/plan.hpp"
#include "parley/kvm/arch_compat.hpp"
#include "parley/kvm/exit.hpp"
#include "parley/kvm/kernel.hpp"
#include "parley/machine/fresh_vm.hpp"
#include "parley/papr/context.hpp"

namespace parley::machine {

/// The level was set and read back.
struct LevelTaken {
  compat::Target target;
};
/// The kernel refused a level, and the next one is tried on the same vCPU.
struct LevelReplaced {
  compat::Target refused;
  std::string evidence;
  compat::Target next;
};
/// The kernel marked a forced level as invalid, and the vCPU is run all the same.
struct LevelForced {
  compat::Target target;
  std::string evidence;
};
/// The guest's kernel has negotiated, with or without success.
using papr::NegotiationOutcome;
using Notice = std::variant<LevelTaken, LevelReplaced, LevelForced, NegotiationOutcome>;

/// What the machine tells, on one of its threads, one call at a time; but for `thread`.
struct Observer {
  std::function<void(const Notice &)> notice;
  std::function<void(const kvm::LevelSetting &)> setting;  ///< each answer to setting a level; may be empty
  std::function<void(const kvm::RunFailure &)> failure;    ///< each KVM_RUN that failed; may be empty
  std::function<void(const std::string &)> trace;          ///< one line per exit; may be empty
  std::function<void(const Bytes &)> tree;                 ///< the guest's flattened tree, at first and when it changes
  /// On each thread that is made for a vCPU, before that enters the guest; where it fails, the guest ends. May be
  /// empty.
  std::function<std::expected<void, Failure>()> thread;
};

/// What outlives a machine: a guest that reboots finds them as it left them.
struct Devices {
  devices::Vty &vty;
  devices::Clock &clock;
  devices::Nvram &nvram;
};

/// The guest ended itself; its level was read back once more and still is the announced one (raw has no register).
struct GuestEnded {
  papr::Shutdown shutdown;
};
/// stop() was called.
struct Stopped {};
/// The kernel refused every level that the plan allows.
struct LevelRefused {
  Failure failure;
};
struct RunFailed {
  Failure failure;
};
using End = std::variant<GuestEnded, Stopped, LevelRefused, RunFailed>;

class Machine {
 public:
  /// Creates the VM, its memory and its vCPUs. A given FreshVm is used instead of a new VM and first vCPU.
  static std::expected<Machine, Failure> build(kvm::Kernel &kernel, guest::MachinePlan plan, Devices devices,
                                               Observer observer, std::optional<FreshVm> fresh = std::nullopt);
  Machine(Machine &&) noexcept;
  ~Machine();

  /// Sets the level and runs the guest to its end, its first vCPU on the calling thread. Once.
  End run();
  /// Ends run() soon; from any thread, at any time in the machine's life. Threads inside the guest it interrupts with
  /// SIGUSR1, to which it gives a handler that does nothing.
  void stop();
  /// To be called about once a second, from any thread. A line for each vCPU that has been running in real mode for
  /// `limit` without once leaving the guest: no kernel does that, but a guest that has lost its way does. Each is told
  /// once, until it moves on.
  std::vector<std::string> check_progress(std::chrono::seconds limit);

 private:
  class Running;  // keeps KVM's objects and threads out of this header
  explicit Machine(std::unique_ptr<Running> running);
  std::unique_ptr<Running> running_;
};

/// What the guest's tree may promise: the tables of the PAPR side, as far as this KVM does its part.
guest::PaprInterface papr_interface(const host::KvmFacts &kvm);

}  // namespace parley::machine
