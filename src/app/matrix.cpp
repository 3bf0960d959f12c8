// SPDX-License-Identifier: Apache-2.0
//
// Every level on this host, one after the other, each on a virtual machine of its own.
#include "parley/report/matrix.hpp"

#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "commands.hpp"
#include "host_source.hpp"
#include "parley/app/app.hpp"
#include "parley/base/file.hpp"
#include "parley/base/text.hpp"
#include "parley/machine/machine.hpp"
#include "parley/machine/probe.hpp"

namespace parley::app {
namespace {

// Ends a machine that runs too long.
class TimeLimit {
 public:
  TimeLimit(machine::Machine &machine, std::chrono::seconds limit)
      : thread_([this, &machine, limit](const std::stop_token &stop) {
          std::unique_lock lock(mutex_);
          wake_.wait_for(lock, stop, limit, [] { return false; });
          if (stop.stop_requested()) return;
          passed_ = true;
          machine.stop();
        }) {}
  /// True when the time had passed. Once.
  bool passed() {
    thread_.request_stop();
    thread_.join();
    return passed_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool passed_ = false;
  std::jthread thread_;
};

std::string evidence_of(const Failure &failure) { return failure.what + ": " + failure.why; }

matrix::Run outcome_of(const machine::End &end, bool timed_out, std::string failure) {
  using matrix::RunOutcome;
  if (std::holds_alternative<machine::GuestEnded>(end)) return {RunOutcome::kEnded, "", ""};
  if (const auto *refused = std::get_if<machine::LevelRefused>(&end))
    return {RunOutcome::kLevelRefused, std::move(failure), evidence_of(refused->failure)};
  if (const auto *failed = std::get_if<machine::RunFailed>(&end))
    return {RunOutcome::kFailed, std::move(failure), evidence_of(failed->failure)};
  return {timed_out ? RunOutcome::kTimedOut : RunOutcome::kFailed, "", "the guest did not end in time"};
}

class Trial {
 public:
  Trial(kvm::Kernel &kernel, const compat::Host &host, std::chrono::seconds limit)
      : kernel_(kernel), host_(host), limit_(limit) {}

  /// Runs the built-in guest at that level, and fills in what becomes of it.
  void run(compat::Target target, matrix::Observation &observed);

 private:
  std::expected<guest::MachinePlan, Failure> plan(compat::Target target) const;

  kvm::Kernel &kernel_;
  const compat::Host &host_;
  std::chrono::seconds limit_;
};

std::expected<guest::MachinePlan, Failure> Trial::plan(compat::Target target) const {
  const compat::Wish wish{{{compat::Request::Kind::kTarget, target}}, false, true};
  guest::GuestRequest request;
  request.memory_size = guest::kMinMemory;
  request.payload = guest::builtin_payload();
  // Forced, so that there always is a decision.
  return guest::plan_machine(std::move(request), *compat::decide(wish, host_), host_,
                             machine::services(host_.facts.kvm));
}

void Trial::run(compat::Target target, matrix::Observation &observed) {
  const auto failed = [&](const Failure &failure) {
    observed.run = matrix::Run{matrix::RunOutcome::kFailed, "", evidence_of(failure)};
  };
  auto planned = plan(target);
  if (!planned) return failed(planned.error());
  devices::Vty vty;
  devices::Clock clock;
  devices::Nvram nvram;
  std::string failure;
  bool entered = false;
  machine::Observer observer;
  observer.notice = [](const machine::Notice &) {};
  observer.setting = [&](const kvm::LevelSetting &setting) {
    observed.set = machine::trial_of(setting);
    // A refused level that the kernel did not mark is not run.
    entered = setting.outcome == kvm::SettingOutcome::kTaken || setting.outcome == kvm::SettingOutcome::kPoisoned;
  };
  observer.failure = [&](const kvm::RunFailure &what) { failure = kvm::name(what.kind); };
  auto built = machine::Machine::build(kernel_, std::move(*planned), {vty, clock, nvram}, std::move(observer));
  if (!built) return failed(built.error());
  TimeLimit time_limit(*built, limit_);
  const machine::End end = built->run();
  const bool timed_out = time_limit.passed();
  if (observed.set && !entered) return;
  observed.run = outcome_of(end, timed_out, failure);
  if (const std::string console = vty.take_output(devices::Vty::kOutputLimit); !console.empty())
    observed.seen = matrix::read_builtin_guest(console);
}

matrix::Cell try_cell(compat::Target target, const compat::Host &host, bool force, Trial &trial) {
  matrix::Cell cell;
  cell.asked = target;
  cell.observed.policy = compat::judge(target, host);
  const bool legal = cell.observed.policy.legal();
  cell.forced = force && !legal;
  cell.id = matrix::cell_id(host, target, cell.forced);
  cell.expected = matrix::predict(target, host).sentence;
  if (legal || cell.forced) trial.run(target, cell.observed);
  cell.judgement = matrix::judge(cell.observed, host);
  return cell;
}

// A line that is written over and over, on a terminal only.
class Progress {
 public:
  explicit Progress(bool wanted) : shown_(wanted && ::isatty(STDERR_FILENO) != 0) {}
  ~Progress() { say("\r\x1b[K"); }
  void cell(std::size_t number, std::size_t count, compat::Target target) const {
    say("\r\x1b[Kparley: cell " + std::to_string(number) + " of " + std::to_string(count) + ": " +
        compat::short_name(target));
  }

 private:
  void say(const std::string &text) const {
    if (!shown_) return;
    // Nobody misses a progress line that could not be written.
    [[maybe_unused]] const auto written = write_all(STDERR_FILENO, std::as_bytes(std::span(text)));
  }
  bool shown_;
};

int deliver(const std::string &text, const Options &options, int code, const Diagnostics &diagnostics) {
  if (!options.out) return print_result(text, code, diagnostics);
  const auto written = write_file(*options.out, std::as_bytes(std::span(text)));
  if (written) return code;
  diagnostics.failure({"cannot write the report to " + *options.out, errno_text(written.error().error),
                       "give it a place that may be written to, with room"});
  return kFailure;
}

}  // namespace

int run_matrix(const Options &options, kvm::Kernel &kernel, const Diagnostics &diagnostics) {
  matrix::Report report{assess_host(machine::gather_facts(kernel)), {}};
  const host::KvmFacts &kvm = report.host.facts.kvm;
  if (kvm.access != host::KvmAccess::kHv) {
    diagnostics.failure(machine::explain_access(kvm));
    return machine::is_refusal(kvm.access) ? kFailure : kNotApplicable;
  }
  for (const auto &doubt : report.host.capabilities.doubts) diagnostics.warn(doubt.sentence);
  {
    const Progress progress(options.log_level != LogLevel::kWarning);
    Trial trial(kernel, report.host, options.cell_limit);
    for (const compat::Target target : options.levels) {
      progress.cell(report.cells.size() + 1, options.levels.size(), target);
      report.cells.push_back(try_cell(target, report.host, options.wish.force, trial));
    }
  }
  return deliver(report::matrix(report, options.format), options, matrix::as_expected(report) ? kSuccess : kFailure,
                 diagnostics);
}

}  // namespace parley::app
