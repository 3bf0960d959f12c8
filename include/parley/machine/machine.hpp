// SPDX-License-Identifier: Apache-2.0
//
// Builds the machine of a plan in KVM and runs it.
//
// KVM takes the steps of a build in one order only: the VM and a first vCPU; memory; radix translation; the interrupt
// controller and its sources; the other vCPUs; PAPR and interrupts of each vCPU; then the level, set and read back on
// each; the guest's registers last. The guest is entered only when the level register reads back the announced level.
// There is one exception: a forced level that the kernel has marked invalid. Such a vCPU is run to see the answer of
// KVM_RUN; it cannot enter the guest.
//
// Parts (src/machine): Partition is what the guest can see (level, processors, tree), VcpuLoop the life of one vCPU on
// its thread, Processors how the threads meet, Watchdog finds a guest that is lost, Ending keeps the first cause of the
// end, firmware.hpp is what lies in memory before the first instruction.
//
// Each vCPU has a thread. All but the first wait until the guest starts them. Calls of the guest are answered by one
// thread at a time, under the partition's lock, but for calls that touch nothing shared
// (papr::HcallEntry::independent). A vCPU that idles does so inside the kernel.
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
#include "parley/devices/devices.hpp"
#include "parley/guest/plan.hpp"
#include "parley/kvm/arch_compat.hpp"
#include "parley/kvm/exit.hpp"
#include "parley/kvm/kernel.hpp"
#include "parley/machine/fresh_vm.hpp"
#include "parley/machine/ram_files.hpp"
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

/// Reports of a machine. They are called on its threads, one at a time, under the partition's lock; `thread` is not.
struct Observer {
  std::function<void(const Notice &)> notice;
  std::function<void(const kvm::LevelSetting &)> setting;  ///< each answer to setting a level; may be empty
  std::function<void(const kvm::RunFailure &)> failure;    ///< each KVM_RUN that failed; may be empty
  std::function<void(const std::string &)> trace;          ///< one line per exit; may be empty
  std::function<void(const Bytes &)> tree;                 ///< the guest's flattened tree, at first and when it changes
  /// Called on each new vCPU thread before it enters the guest. The guest ends where it fails. May be empty.
  std::function<std::expected<void, Failure>()> thread;
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

/// What a machine uses and does not own. All must outlive it.
struct Resources {
  kvm::Kernel &kernel;
  devices::Devices &devices;                       ///< those of the plan's list
  const RamFiles &ram_files = RamFiles::none();    ///< of the plan's memory
  Environment &environment = real_environment();
};

class Machine {
 public:
  /// Creates the VM, its memory and its vCPUs. A given FreshVm is used instead of a new VM and first vCPU.
  static std::expected<Machine, Failure> build(const Resources &resources, guest::MachinePlan plan, Observer observer,
                                               std::optional<FreshVm> fresh = std::nullopt);
  Machine(Machine &&) noexcept;
  ~Machine();

  /// Sets the level and runs the guest to its end, its first vCPU on the calling thread. Once.
  End run();
  /// Ends run() soon; from any thread, at any time in the machine's life. Threads inside the guest it interrupts with
  /// SIGUSR1, to which it gives a handler that does nothing.
  void stop();
  /// To be called about once a second, from any thread: a line for each vCPU that has run in real mode for `limit`
  /// without leaving the guest. No kernel does that; a guest that has lost its way does. Each stall is reported once.
  std::vector<std::string> check_progress(std::chrono::seconds limit);

 private:
  class Parts;  // keeps KVM's objects and threads out of this header
  explicit Machine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// The calls that the guest's tree may announce: the tables of the PAPR side, as far as this KVM supports them.
guest::PaprInterface papr_interface(const host::KvmFacts &kvm);

}  // namespace parley::machine
