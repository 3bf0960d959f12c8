// SPDX-License-Identifier: Apache-2.0
//
// One cell: a level, set on a VM of its own, and a guest that runs there.
//
// The facts come about in this order, and a later one is missing if an earlier one prevents it:
//
//   policy       the rules' answer; it decides whether the kernel is asked at all
//   set          KVM_SET_ONE_REG arch_compat and its reading back, from the machine's observer
//   negotiated   what a Linux guest and Parley agreed upon, from the observer too
//   run          how the session ended
//   seen         what the guest printed about its processor, on its console
#include "parley/executor/trial.hpp"

#include <algorithm>
#include <mutex>

#include "parley/machine/machine.hpp"
#include "parley/machine/probe.hpp"
#include "parley/session/session.hpp"

namespace parley::executor {
namespace {

constexpr std::size_t kConsoleLimit = std::size_t{4} << 20;  // bytes

std::string evidence_of(const Failure &failure) { return failure.what + ": " + failure.why; }

matrix::Run run_of(const session::Outcome &outcome, std::string failure) {
  using matrix::RunOutcome;
  using Kind = papr::Shutdown::Kind;
  if (const auto *ended = std::get_if<machine::GuestEnded>(&outcome)) {
    if (ended->shutdown.kind == Kind::kPowerOff) return {RunOutcome::kEnded, "", ""};
    return {RunOutcome::kFailed, "",
            ended->shutdown.kind == Kind::kPanic ? "the guest panicked" : "the guest rebooted"};
  }
  if (const auto *refused = std::get_if<machine::LevelRefused>(&outcome))
    return {RunOutcome::kLevelRefused, std::move(failure), evidence_of(refused->failure)};
  if (const auto *failed = std::get_if<machine::RunFailed>(&outcome))
    return {RunOutcome::kFailed, std::move(failure), evidence_of(failed->failure)};
  return {RunOutcome::kTimedOut, "", "the guest did not end in time"};  // nothing else stops a trial
}

matrix::Negotiated described(const machine::NegotiationOutcome &outcome, compat::Target asked) {
  const auto &candidates = outcome.table.candidates;
  return {outcome.level, std::ranges::find(candidates, asked) != candidates.end(), outcome.guest_list, outcome.problem};
}

// The guest's console as text. Output beyond a limit is dropped, so that a guest never waits.
class Recorder {
 public:
  void record(devices::Vty &vty) {
    vty.connect({[this, &vty] {
                   const std::lock_guard lock(mutex_);
                   const std::string output = vty.take_output(devices::Vty::kOutputLimit);
                   if (text_.size() < kConsoleLimit) text_ += output;
                 },
                 {}});
  }
  /// After the session.
  const std::string &text() const { return text_; }

 private:
  std::mutex mutex_;  // protects text_ among the vCPUs' threads
  std::string text_;
};

class Trial {
 public:
  Trial(const matrix::CellId &id, const compat::AssessedHost &host, const TrialGuest &guest, kvm::Kernel &kernel)
      : id_(id), host_(host), guest_(guest), kernel_(kernel) {}

  /// Runs the guest, and completes the observation.
  void run(matrix::Observation &observed);

 private:
  std::expected<session::Session, Failure> open(matrix::Observation &observed);
  machine::Observer observer(matrix::Observation &observed);

  const matrix::CellId &id_;
  const compat::AssessedHost &host_;
  const TrialGuest &guest_;
  kvm::Kernel &kernel_;
  std::string failure_;  // the name of KVM_RUN's failure
  bool refused_when_set_ = false;
};

machine::Observer Trial::observer(matrix::Observation &observed) {
  machine::Observer observer;
  observer.notice = [this, &observed](const machine::Notice &notice) {
    if (const auto *outcome = std::get_if<machine::NegotiationOutcome>(&notice))
      observed.negotiated = described(*outcome, id_.target);
  };
  observer.setting = [this, &observed](const kvm::LevelSetting &setting) {
    if (observed.set) return;  // later ones come from the guest's negotiation
    observed.set = machine::trial_of(setting);
    // The machine runs a refused level only if the kernel marked it as invalid.
    refused_when_set_ =
        setting.outcome != kvm::SettingOutcome::kTaken && setting.outcome != kvm::SettingOutcome::kPoisoned;
  };
  observer.failure = [this](const kvm::RunFailure &failure) { failure_ = kvm::name(failure.kind); };
  return observer;
}

std::expected<session::Session, Failure> Trial::open(matrix::Observation &observed) {
  // A forced wish always leads to a decision.
  const compat::Wish wish{{{compat::Request::Kind::kTarget, id_.target}}, false, true};
  const auto platform = compat::platform_for(id_.target, host_);
  auto plan = guest::plan_machine(guest_.request, *compat::decide(wish, host_), host_,
                                  machine::papr_interface(host_.facts.kvm, platform));
  if (!plan) return std::unexpected(plan.error());
  return session::Session::open(kernel_, {.plan = std::move(*plan)}, {.reboot = false, .time_limit = guest_.time_limit},
                                {.observer = observer(observed)});
}

void Trial::run(matrix::Observation &observed) {
  auto session = open(observed);
  if (!session) {
    observed.run = matrix::Run{matrix::RunOutcome::kFailed, "", evidence_of(session.error())};
    return;
  }
  Recorder recorder;
  recorder.record(*session->devices().terminal(0));
  const session::Outcome outcome = session->run();
  if (refused_when_set_) return;
  observed.run = run_of(outcome, failure_);
  if (!recorder.text().empty()) observed.seen = matrix::read_guest(recorder.text());
}

}  // namespace

matrix::Cell try_cell(const matrix::CellId &id, const compat::AssessedHost &host, const TrialGuest &guest,
                      kvm::Kernel &kernel) {
  matrix::Cell cell;
  cell.id = id;
  cell.expected = matrix::predict(id.target, host).sentence;
  matrix::Observation observed;
  observed.policy = matrix::policy_of(compat::judge(id.target, host));
  const bool is_tried = observed.policy.legal || id.forced;
  if (is_tried && !matrix::cannot_be_tried(id, host)) Trial(id, host, guest, kernel).run(observed);
  cell.judgement = matrix::judge(id, observed, host);
  cell.observed = std::move(observed);
  return cell;
}

}  // namespace parley::executor
