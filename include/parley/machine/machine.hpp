// SPDX-License-Identifier: Apache-2.0
//
// Builds the machine of a plan in KVM and runs it.
//
// The order is the one that KVM wants: the VM, its memory, radix, the vCPU, PAPR, and only then the level, set and read
// back; the guest's registers last. Nothing is entered unless the register reads back the level that was announced. The
// one exception is a forced level that the kernel has marked invalid: such a vCPU is run to see what KVM_RUN says, and
// cannot enter the guest.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "parley/base/failure.hpp"
#include "parley/devices/vty.hpp"
#include "parley/guest/plan.hpp"
#include "parley/kvm/kernel.hpp"
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
using Notice = std::variant<LevelTaken, LevelReplaced, LevelForced>;

/// What the machine tells, on the thread that runs it.
struct Observer {
  devices::Vty::Sink console;
  std::function<void(const Notice &)> notice;
  std::function<void(const std::string &)> trace;  ///< one line per exit; may be empty
};

/// The guest ended itself; its level was read back once more and still is the announced one.
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
  /// Creates the VM, its memory and its vCPU.
  static std::expected<Machine, Failure> build(kvm::Kernel &kernel, guest::MachinePlan plan, Observer observer);
  Machine(Machine &&) noexcept;
  ~Machine();

  /// Sets the level and runs the guest to its end, on the calling thread. Once.
  End run();
  /// Ends run() soon; from any thread, at any time in the machine's life. What the running thread waits in, the
  /// guest or a console sink's system call, it interrupts with SIGUSR1; it gives that signal a handler that does
  /// nothing.
  void stop();

 private:
  class Running;  // keeps KVM's objects and threads out of this header
  explicit Machine(std::unique_ptr<Running> running);
  std::unique_ptr<Running> running_;
};

/// What the guest's tree may promise: the tables of the PAPR side.
guest::Services services();

}  // namespace parley::machine
