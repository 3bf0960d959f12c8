// SPDX-License-Identifier: Apache-2.0
//
// A guest from its first instruction to its end, over any number of reboots.
//
// A machine (machine::Machine) runs once. A session builds the first machine of a plan, runs it, and when the guest
// reboots, builds another one from the same plan on a new VM: no state of the old machine survives, except the devices
// that outlive a machine (terminal, clock, NVRAM). Before each reboot it looks at the host's level again, because the
// host may have been migrated; a guest whose level is no longer legal is not started again.
//
//   plan --Session::open--> built --run()--> the machine runs --the guest ends, stop(), a failure--> Outcome
//                                              ^        |
//                                              +--------+ system-reboot: check the host, build a new machine
//
// run() blocks, and the calling thread runs the guest's first vCPU. stop() ends it from any other thread, or after
// Settings::time_limit by itself. A program without an event loop can end the session on signals with EndOnSignals.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "parley/base/environment.hpp"
#include "parley/base/failure.hpp"
#include "parley/devices/devices.hpp"
#include "parley/guest/plan.hpp"
#include "parley/kvm/kernel.hpp"
#include "parley/machine/fresh_vm.hpp"
#include "parley/machine/machine.hpp"
#include "parley/session/host_watch.hpp"

namespace parley::session {

/// Why a session was stopped from outside the guest.
struct StopRequested {};
struct StopSignal {
  int number;
};
struct TimeLimitPassed {};
using StopReason = std::variant<StopRequested, StopSignal, TimeLimitPassed>;

struct Stopped {
  StopReason reason;
};
/// How a session ended. An end of the guest's own takes precedence over a stop at the same time.
using Outcome = std::variant<machine::GuestEnded, Stopped, machine::LevelRefused, machine::RunFailed>;

/// The message for an outcome that is a failure, a panic of the guest among them; none for the others.
std::optional<Failure> failure_of(const Outcome &outcome);

/// An open KVM, and the VM for the first machine (machine::FreshVm says why it may exist already).
struct OpenedKvm {
  kvm::System system;
  std::optional<machine::FreshVm> fresh = std::nullopt;
};

struct Start {
  guest::MachinePlan plan;
  std::optional<OpenedKvm> kvm = std::nullopt;         ///< none: Session::open opens it
  std::optional<HostWatch> host_watch = std::nullopt;  ///< none: the level of the host is not read again
  devices::Nvram nvram = {};
};

struct Settings {
  bool reboot = true;                                             ///< a guest that reboots starts again
  std::optional<std::chrono::seconds> time_limit = std::nullopt;  ///< for all of run()
};

struct HostChange {
  std::string before;  ///< the host in one phrase, as in MachinePlan::host
  std::string after;
  const compat::AssessedHost &host;
};

/// What the program wants to know or to add; each of them may be empty.
struct Hooks {
  machine::Observer observer = {};
  /// In run(), on its thread, before the guest's first instruction. If it fails, the session does.
  std::function<std::expected<void, Failure>()> before_start = {};
  /// In run(), on its thread, between two machines.
  std::function<void()> on_reboot = {};
  std::function<void(const HostChange &)> on_host_change = {};
};

class Session {
 public:
  /// Builds the first machine. All files and devices of KVM that the guest needs are open then, until it reboots.
  static std::expected<Session, Failure> open(kvm::Kernel &kernel, Start start, Settings settings = {},
                                              Hooks hooks = {}, Environment &environment = real_environment());
  Session(Session &&) noexcept;
  ~Session();

  /// Runs the guest to its end. Once: a second call fails.
  Outcome run();
  /// Ends run() soon. From any thread, before run() and more than once too; the first reason counts.
  void stop(StopReason reason);
  /// See machine::Machine::check_progress. From any thread.
  std::vector<std::string> check_progress(std::chrono::seconds limit);

  /// The devices live as long as the session. The terminals must be connected before run().
  devices::Devices &devices();
  /// It changes only between two machines, on the thread of run().
  const guest::MachinePlan &plan() const;

 private:
  class State;  // has an address that stays the same
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace parley::session
