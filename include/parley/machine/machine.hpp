// SPDX-License-Identifier: Apache-2.0
//
// Builds the machine of a plan in KVM and runs it.
//
// KVM accepts the steps of a build in one order only: the VM and a first vCPU; memory; the MMU; the interrupt
// controller and its sources; the other vCPUs; PAPR mode and interrupts of each vCPU; then the level, set and read back
// on each vCPU; the guest's registers last. The guest is entered only if the level register reads back the announced
// level. There is one exception: a forced level that the kernel has marked invalid. Such a vCPU is run once to record
// the answer of KVM_RUN; it cannot enter the guest.
//
// Parts (src/machine): Partition holds the state that the guest can see (level, processors, tree). VcpuLoop runs one
// vCPU on its thread. Processors coordinates the threads. Watchdog finds a stalled guest. Ending keeps the first cause
// of the end. firmware.hpp fills memory and registers before the first instruction. Each vCPU has a thread. All threads
// but the first wait until the guest starts their vCPU. The guest's calls are handled one at a time, under the
// partition's lock, except those that share no state (papr::HcallEntry::independent). A vCPU idles inside the kernel.
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

/// The kernel accepted the level: it was set and read back.
struct LevelTaken {
  compat::Target target;
  compat::Translation mmu{};  ///< that the guest starts with
};
/// The kernel refused a level. The next level is tried on the same vCPUs.
struct LevelReplaced {
  compat::Target refused;
  std::string evidence;
  compat::Target next;
};
/// The kernel marked a forced level as invalid. The vCPU is run nevertheless.
struct LevelForced {
  compat::Target target;
  std::string evidence;
};
/// The guest's kernel has negotiated its level, with or without success.
using papr::NegotiationOutcome;
using Notice = std::variant<LevelTaken, LevelReplaced, LevelForced, NegotiationOutcome>;

/// Callbacks for events of a machine. Its threads make them one at a time, under the partition's lock. `thread` is
/// called without the lock.
struct Observer {
  std::function<void(const Notice &)> notice;
  std::function<void(const kvm::LevelSetting &)> setting;  ///< the kernel's answer to each level; may be empty
  std::function<void(const kvm::RunFailure &)> failure;    ///< each failed KVM_RUN; may be empty
  std::function<void(const std::string &)> trace;          ///< one line per exit; may be empty
  std::function<void(const Bytes &)> tree;  ///< the guest's flattened tree: the first one, and each change
  /// Called on each new vCPU thread before it enters the guest. An error ends the guest. May be empty.
  std::function<std::expected<void, Failure>()> thread;
};

/// The guest ended itself. Its level was read back once more and is still the announced one (raw has no register).
struct GuestEnded {
  papr::Shutdown shutdown;
};
/// stop() was called.
struct Stopped {};
/// The kernel refused every level in the plan.
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
  devices::Devices &devices;                     ///< those of the plan's list
  const RamFiles &ram_files = RamFiles::none();  ///< of the plan's memory
  Environment &environment = real_environment();
};

class Machine {
 public:
  /// Creates the VM, its memory and its vCPUs. A given FreshVm is used instead of a new VM and first vCPU.
  static std::expected<Machine, Failure> build(const Resources &resources, guest::MachinePlan plan, Observer observer,
                                               std::optional<FreshVm> fresh = std::nullopt);
  Machine(Machine &&) noexcept;
  ~Machine();

  /// Sets the level and runs the guest to its end. The first vCPU runs on the calling thread. May be called once.
  End run();
  /// Makes run() return soon. Any thread may call it at any time. It interrupts threads inside the guest with SIGUSR1,
  /// whose handler does nothing.
  void stop();
  /// Returns one line for each vCPU that has run in real mode for `limit` without leaving the guest. A working kernel
  /// does not do that; a guest that jumped to a wrong address does. Call it about once a second, from any thread. Each
  /// stall is reported once.
  std::vector<std::string> check_progress(std::chrono::seconds limit);

 private:
  class Parts;  // keeps KVM's objects and threads out of this header
  explicit Machine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// The calls that the guest's tree may announce: the rows of the PAPR tables that this KVM supports.
guest::PaprInterface papr_interface(const host::KvmFacts &kvm, const compat::Platform &platform = {});

}  // namespace parley::machine
