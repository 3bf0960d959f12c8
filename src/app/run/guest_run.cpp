// SPDX-License-Identifier: Apache-2.0
#include "app/run/guest_run.hpp"

#include "app/host_source.hpp"
#include "app/run/notices.hpp"
#include "parley/app/app.hpp"
#include "parley/base/thread.hpp"
#include "parley/base/try.hpp"

namespace parley::app {

console::Events GuestRun::console_events() {
  return {.on_signal =
              [this](int signal) {
                signal_ = signal;
                stop_guest(session::StopSignal{signal});
                console_->abandon();
              },
          .on_quit = [this] { stop_guest(session::StopRequested{}); },
          .on_lost = [this](const Failure &failure) { fail(failure); },
          .on_ready =
              [this] {
                const std::lock_guard lock(mutex_);
                console_ready_ = true;
                changed_.notify_all();
              },
          .on_tick =
              [this] {
                if (!options_.watchdog) return;
                for (const std::string &stall : session_->check_progress(*options_.watchdog)) diagnostics_.warn(stall);
              },
          .on_news = [this](const std::string &news) { diagnostics_.info(news); }};
}

session::Hooks GuestRun::session_hooks() {
  return {.observer = observer(),
          .before_start = [this] { return prepare_guest_thread(); },
          .on_reboot = [this] { diagnostics_.info("the guest reboots"); },
          .on_host_change =
              [this](const session::HostChange &change) {
                diagnostics_.warn("the host has changed since the guest was started (a live migration?): it was " +
                                  change.before + ", it is " + change.after);
                warn_of_doubts(change.host, diagnostics_);
              }};
}

machine::Observer GuestRun::observer() {
  machine::Observer observer;
  observer.notice = [this](const machine::Notice &notice) { announce(notice, session_->plan().host, diagnostics_); };
  if (diagnostics_.traces()) observer.trace = [this](const std::string &line) { diagnostics_.trace(line); };
  if (tree_file_) {
    observer.tree = [this](const Bytes &tree) {
      if (const auto written = tree_file_.write(tree); !written)
        diagnostics_.warn(written.error().what + ": " + written.error().why);
    };
  }
  observer.thread = [this] { return sandbox::lock_thread(options_.sandbox, sandbox::Kind::kVcpu, openings_); };
  return observer;
}

std::expected<void, Failure> GuestRun::open(kvm::Kernel &kernel, session::Start start) {
  session_.emplace(TRY(session::Session::open(kernel, std::move(start), {.reboot = options_.reboot}, session_hooks())));
  std::vector<console::Line> lines;
  const auto terminals = session_->devices().terminals();
  for (std::size_t i = 0; i < terminals.size(); ++i) lines.push_back({options_.serials[i], *terminals[i].vty});
  console_.emplace(TRY(console::Console::open(lines, console_events(), {}, &diagnostics_.writer())));
  return {};
}

std::expected<void, Failure> GuestRun::start_guest() {
  TRY(sandbox::lock_process(options_.sandbox, openings_));
  auto thread = start_thread([this] { run_guest(); });
  if (!thread) return std::unexpected(cannot_start("the guest's thread", thread.error()));
  guest_ = std::move(*thread);
  return sandbox::lock_thread(options_.sandbox, sandbox::Kind::kConsole, openings_);
}

// On the guest's thread.
void GuestRun::run_guest() {
  try {
    outcome_ = session_->run();
  } catch (const std::exception &error) {
    outcome_ = machine::RunFailed{explain(error)};
  }
  console_->finish();
}

// On the guest's thread, before the guest's first instruction.
std::expected<void, Failure> GuestRun::prepare_guest_thread() {
  TRY(sandbox::lock_thread(options_.sandbox, sandbox::Kind::kGuest, openings_));
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return console_ready_ || stopping_; });
  return {};
}

void GuestRun::stop_guest(session::StopReason reason) {
  diagnostics_.writer().stop_waiting();
  session_->stop(reason);
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

// The first failure counts.
void GuestRun::fail(const Failure &failure) {
  stop_guest(session::StopRequested{});  // first: a copy of the failure needs memory
  if (!failure_) failure_ = failure;
}

void GuestRun::report_losses() const {
  if (const auto lost = console_->dropped(); lost != 0)
    diagnostics_.warn(std::to_string(lost) + " bytes of the guest's output were dropped: nobody read them");
  if (const auto lost = console_->dropped_input(); lost != 0)
    diagnostics_.warn(std::to_string(lost) + " typed bytes were dropped: the guest did not read them");
}

Ended GuestRun::result() const {
  if (failure_) return {kFailure, failure_};
  if (signal_ != 0) return {kSignal + signal_, std::nullopt};
  if (!outcome_) return {kSuccess, std::nullopt};
  const auto failure = session::failure_of(*outcome_);
  if (!failure) return {kSuccess, std::nullopt};
  return {std::holds_alternative<machine::LevelRefused>(*outcome_) ? kRefused : kFailure, failure};
}

Ended GuestRun::run(kvm::Kernel &kernel, session::Start start) {
  if (const auto opened = open(kernel, std::move(start)); !opened) return {kFailure, opened.error()};
  try {
    if (const auto started = start_guest()) {
      console_->run();
    } else {
      fail(started.error());
    }
  } catch (const std::exception &error) {
    stop_guest(session::StopRequested{});  // first: explain() needs memory
    fail(explain(error));
  }
  guest_.reset();  // joins it
  report_losses();
  console_.reset();  // restores the terminal before the failure is printed
  return result();
}

}  // namespace parley::app
