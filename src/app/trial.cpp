// SPDX-License-Identifier: Apache-2.0
#include "trial.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "parley/base/text.hpp"
#include "parley/base/thread.hpp"
#include "parley/machine/machine.hpp"
#include "parley/machine/probe.hpp"

namespace parley::app {
namespace {

constexpr std::size_t kConsoleLimit = std::size_t{4} << 20;  // bytes

// Ends a machine that runs too long.
class TimeLimit {
 public:
  /// An errno of pthread_create where that fails.
  std::expected<void, int> set(machine::Machine &machine, std::chrono::seconds limit) {
    auto thread = start_thread([this, &machine, limit](const std::stop_token &stop) {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, stop, limit, [] { return false; });
      if (stop.stop_requested()) return;
      passed_ = true;
      machine.stop();
    });
    if (!thread) return std::unexpected(thread.error());
    thread_ = std::move(*thread);
    return {};
  }
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
  using Kind = papr::Shutdown::Kind;
  if (const auto *ended = std::get_if<machine::GuestEnded>(&end)) {
    if (ended->shutdown.kind == Kind::kPowerOff) return {RunOutcome::kEnded, "", ""};
    return {RunOutcome::kFailed, "",
            ended->shutdown.kind == Kind::kPanic ? "the guest panicked" : "the guest rebooted"};
  }
  if (const auto *refused = std::get_if<machine::LevelRefused>(&end))
    return {RunOutcome::kLevelRefused, std::move(failure), evidence_of(refused->failure)};
  if (const auto *failed = std::get_if<machine::RunFailed>(&end))
    return {RunOutcome::kFailed, std::move(failure), evidence_of(failed->failure)};
  return {timed_out ? RunOutcome::kTimedOut : RunOutcome::kFailed, "", "the guest did not end in time"};
}

matrix::Negotiated described(const machine::NegotiationOutcome &outcome, compat::Target asked) {
  const auto &candidates = outcome.table.candidates;
  return {outcome.level, std::ranges::find(candidates, asked) != candidates.end(), outcome.guest_list, outcome.problem};
}

class Trial {
 public:
  Trial(const matrix::CellId &id, const compat::AssessedHost &host, const TrialGuest &guest, kvm::Kernel &kernel)
      : id_(id), host_(host), guest_(guest), kernel_(kernel) {}

  /// Runs the guest, and fills in what becomes of it.
  void run(matrix::Observation &observed);

 private:
  std::expected<guest::MachinePlan, Failure> plan() const;
  machine::Observer watch(matrix::Observation &observed);

  const matrix::CellId &id_;
  const compat::AssessedHost &host_;
  const TrialGuest &guest_;
  kvm::Kernel &kernel_;
  std::string failure_;  // the name of what KVM_RUN failed with
  bool refused_at_set_ = false;
};

std::expected<guest::MachinePlan, Failure> Trial::plan() const {
  const compat::Wish wish{{{compat::Request::Kind::kTarget, id_.target}}, false, true};
  // Forced, so that there always is a decision.
  return guest::plan_machine(guest_.request, *compat::decide(wish, host_), host_,
                             machine::papr_interface(host_.facts.kvm));
}

machine::Observer Trial::watch(matrix::Observation &observed) {
  machine::Observer observer;
  observer.notice = [this, &observed](const machine::Notice &notice) {
    if (const auto *outcome = std::get_if<machine::NegotiationOutcome>(&notice))
      observed.negotiated = described(*outcome, id_.target);
  };
  observer.setting = [this, &observed](const kvm::LevelSetting &setting) {
    if (observed.set) return;  // later ones are the guest's own negotiation
    observed.set = machine::trial_of(setting);
    // A refused level that the kernel did not mark is not run.
    refused_at_set_ =
        setting.outcome != kvm::SettingOutcome::kTaken && setting.outcome != kvm::SettingOutcome::kPoisoned;
  };
  observer.failure = [this](const kvm::RunFailure &what) { failure_ = kvm::name(what.kind); };
  return observer;
}

void Trial::run(matrix::Observation &observed) {
  const auto failed = [&](const Failure &failure) {
    observed.run = matrix::Run{matrix::RunOutcome::kFailed, "", evidence_of(failure)};
  };
  auto planned = plan();
  if (!planned) return failed(planned.error());
  auto devices = devices::Devices::build(planned->devices);
  if (!devices) return failed(devices.error());
  devices::Vty &vty = *devices->terminal(0);
  std::string console;
  std::mutex mutex;  // of it, among vCPUs; it is read when there are none any more
  // A guest that talks too much is not waited for.
  const auto listen = [&] {
    const std::lock_guard lock(mutex);
    const std::string heard = vty.take_output(devices::Vty::kOutputLimit);
    if (console.size() < kConsoleLimit) console += heard;
  };
  vty.connect({listen, {}});
  auto built = machine::Machine::build(kernel_, std::move(*planned), *devices, watch(observed));
  if (!built) return failed(built.error());
  TimeLimit time_limit;
  if (const auto set = time_limit.set(*built, guest_.limit); !set)
    return failed({"cannot start a thread for the time limit", "pthread_create: " + errno_text(set.error()), ""});
  const machine::End end = built->run();
  const bool timed_out = time_limit.passed();
  if (refused_at_set_) return;
  observed.run = outcome_of(end, timed_out, failure_);
  if (!console.empty()) observed.seen = matrix::read_guest(console);
}

}  // namespace

matrix::Cell try_cell(const matrix::CellId &id, const compat::AssessedHost &host, const TrialGuest &guest,
                      kvm::Kernel &kernel) {
  matrix::Cell cell;
  cell.id = id;
  cell.expected = matrix::predict(id.target, host).sentence;
  matrix::Observation observed;
  observed.policy = matrix::policy_of(compat::judge(id.target, host));
  const bool wanted = observed.policy.legal || id.forced;
  if (wanted && !matrix::cannot_be_tried(id)) Trial(id, host, guest, kernel).run(observed);
  cell.judgement = matrix::judge(id, observed, host);
  cell.observed = std::move(observed);
  return cell;
}

}  // namespace parley::app
