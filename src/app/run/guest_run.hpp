// SPDX-License-Identifier: Apache-2.0
//
// `parley run` once the plan is made: a session with a console, in the sandbox.
//
//   main thread       opens everything, then runs the console's event loop: it carries the guest's output and input,
//                     writes messages, hears the signals, and looks at the guest's progress once a second
//   guest's thread    waits until the console has its first peer, then runs the session and with it the first vCPU
//   vCPUs' threads    one for each further vCPU; the machine makes them
//
// The order at the start matters. First all files are opened and the first machine is built. Then the process gives up
// its rights (sandbox::lock_process), and each thread installs the filter of its own kind: a filter that both threads
// inherited would be evaluated at each exit of the guest, which costs a hundredth of an exit. Only then the guest runs.
//
// The console's loop and the session end each other: the session's end finishes the loop; a signal, Ctrl-a x or a lost
// reader of the output stops the session.
#pragma once

#include <condition_variable>
#include <expected>
#include <mutex>
#include <optional>
#include <thread>

#include "app/commands/run.hpp"
#include "app/diagnostics.hpp"
#include "app/run/tree_file.hpp"
#include "parley/console/console.hpp"
#include "parley/sandbox/sandbox.hpp"
#include "parley/session/session.hpp"

namespace parley::app {

/// An exit code, and the failure that explains it.
struct Ended {
  int code;
  std::optional<Failure> failure;
};

/// A session, its console, and the threads of both.
class GuestRun {
 public:
  GuestRun(const RunOptions &options, sandbox::Openings openings, TreeFile tree_file, const Diagnostics &diagnostics)
      : options_(options),
        openings_(std::move(openings)),
        tree_file_(std::move(tree_file)),
        diagnostics_(diagnostics) {}

  Ended run(kvm::Kernel &kernel, session::Start start);

 private:
  console::Events console_events();
  session::Hooks session_hooks();
  machine::Observer observer();
  std::expected<void, Failure> open(kvm::Kernel &kernel, session::Start start);
  std::expected<void, Failure> start_guest();
  std::expected<void, Failure> prepare_guest_thread();
  void run_guest();
  void stop_guest(session::StopReason reason);
  void fail(const Failure &failure);
  void report_losses() const;
  Ended result() const;

  const RunOptions &options_;
  const sandbox::Openings openings_;
  TreeFile tree_file_;  // written under the lock of the partition
  const Diagnostics &diagnostics_;
  std::optional<session::Session> session_;
  std::optional<console::Console> console_;

  // Of the main thread only.
  std::optional<Failure> failure_;  // of the console or of the start
  int signal_ = 0;

  std::mutex mutex_;  // protects the next two; changed_ reports their changes
  std::condition_variable changed_;
  bool console_ready_ = false;
  bool stopping_ = false;

  std::optional<session::Outcome> outcome_;  // written by the guest's thread, read after it was joined
  std::optional<std::jthread> guest_;        // last: it uses the others
};

}  // namespace parley::app
