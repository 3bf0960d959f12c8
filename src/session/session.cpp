// SPDX-License-Identifier: Apache-2.0
//
// Two kinds of threads meet here. One is in run(): it builds and removes machines, and between two machines it alone
// changes the plan and the host. The others call stop() and check_progress(). A lock protects the existence of the
// machine and the reason to stop; it is not held while the machine runs. Thus stop() always finds one of three states:
//
//   no machine yet, or between two    the reason is stored, and run() looks at it before it enters the next machine
//   a machine that is being built     build() passes the reason on as soon as the machine exists
//   a machine that runs               Machine::stop() interrupts its vCPUs
//
// The members are declared in the order of their construction: a machine refers to the devices, and is destroyed first.
#include "parley/session/session.hpp"

#include <mutex>
#include <utility>

#include "parley/base/text.hpp"
#include "parley/base/thread.hpp"
#include "parley/base/try.hpp"
#include "time_limit.hpp"

namespace parley::session {
namespace {

// Random numbers for the guest, new ones after each reboot.
std::expected<void, Failure> fill_seed(guest::MachinePlan &plan, Environment &environment) {
  const auto filled = environment.random(std::as_writable_bytes(std::span(plan.rng_seed)));
  if (filled) return {};
  return std::unexpected(
      Failure{"there are no random numbers for the guest", "getrandom: " + errno_text(filled.error()), "see dmesg"});
}

std::expected<OpenedKvm, Failure> open_kvm(kvm::Kernel &kernel) {
  auto system = kvm::System::open(kernel);
  if (!system) return std::unexpected(machine::cannot_create(system.error().cause));
  return OpenedKvm{std::move(*system)};
}

bool wants_reboot(const machine::End &end) {
  const auto *ended = std::get_if<machine::GuestEnded>(&end);
  return ended != nullptr && ended->shutdown.kind == papr::Shutdown::Kind::kReboot;
}

machine::LevelRefused no_longer_legal(const guest::MachinePlan &plan, const compat::Attempt &attempt,
                                      const compat::AssessedHost &host) {
  const compat::Step &refusal = attempt.steps.back();
  return {{"the guest is not started again: " + describe(plan.level) + " is no longer legal on this host",
           std::string(refusal.rule->name) + ": " + refusal.finding.evidence + "; when the guest started, it was " +
               plan.host + " (a live migration?)",
           describe(compat::legal_range(host)) + "; parley inspect shows the evidence"}};
}

}  // namespace

class Session::State {
 public:
  State(kvm::Kernel &kernel, Environment &environment, Start start, OpenedKvm kvm, devices::Devices devices,
        machine::RamFiles ram_files, Settings settings, Hooks hooks)
      : kernel_(kernel),
        environment_(environment),
        settings_(settings),
        hooks_(std::move(hooks)),
        plan_(std::move(start.plan)),
        host_watch_(std::move(start.host_watch)),
        system_(std::move(kvm.system)),
        fresh_vm_(std::move(kvm.fresh)),
        devices_(std::move(devices)),
        ram_files_(std::move(ram_files)) {}

  std::expected<void, Failure> build();
  Outcome run();
  void stop(StopReason reason);
  std::vector<std::string> check_progress(std::chrono::seconds limit);
  devices::Devices &devices() { return devices_; }
  const guest::MachinePlan &plan() const { return plan_; }

 private:
  std::expected<void, Failure> start_time_limit(TimeLimit &limit);
  std::optional<machine::End> check_host();
  bool stops();
  Outcome outcome_of(machine::End end);

  kvm::Kernel &kernel_;
  Environment &environment_;
  const Settings settings_;
  const Hooks hooks_;
  guest::MachinePlan plan_;
  std::optional<HostWatch> host_watch_;
  const kvm::System system_;
  std::optional<machine::FreshVm> fresh_vm_;  // until the first machine takes it
  devices::Devices devices_;
  machine::RamFiles ram_files_;

  std::mutex mutex_;  // protects machine_ (its existence, not its inside) and stop_reason_
  std::optional<machine::Machine> machine_;
  std::optional<StopReason> stop_reason_;
};

std::expected<void, Failure> Session::State::build() {
  guest::MachinePlan plan = plan_;
  TRY(fill_seed(plan, environment_));
  auto fresh = std::exchange(fresh_vm_, std::nullopt);
  if (!fresh) {
    auto created = machine::create_fresh_vm(system_, plan.threads);
    if (!created) return std::unexpected(machine::cannot_create(created.error()));
    fresh = std::move(*created);
  }
  auto built = TRY(machine::Machine::build({kernel_, devices_, ram_files_, environment_}, std::move(plan),
                                           hooks_.observer, std::move(fresh)));
  const std::lock_guard lock(mutex_);
  machine_.emplace(std::move(built));
  if (stop_reason_) machine_->stop();
  return {};
}

std::expected<void, Failure> Session::State::start_time_limit(TimeLimit &limit) {
  if (!settings_.time_limit) return {};
  const auto started = limit.start(*settings_.time_limit, [this] { stop(TimeLimitPassed{}); });
  if (started) return {};
  return std::unexpected(cannot_start("a thread for the time limit", started.error()));
}

Outcome Session::State::run() {
  if (!machine_) return machine::RunFailed{{"the session has ended", "run() was called again", "open a new session"}};
  if (hooks_.before_start) {
    if (const auto prepared = hooks_.before_start(); !prepared) return machine::RunFailed{prepared.error()};
  }
  TimeLimit limit;
  if (const auto started = start_time_limit(limit); !started) return machine::RunFailed{started.error()};
  if (stops()) return outcome_of(machine::Stopped{});
  for (;;) {
    // No other thread removes the machine; stop() and check_progress() may be called while it runs.
    machine::End end = machine_->run();
    bool again = settings_.reboot && wants_reboot(end);
    if (auto refused = again ? check_host() : std::nullopt) {
      end = std::move(*refused);
      again = false;
    }
    {
      std::optional<machine::Machine> ended;  // destroyed without the lock: that unmaps all of the guest's RAM
      const std::lock_guard lock(mutex_);
      ended.emplace(std::move(*machine_));
      machine_.reset();
    }
    if (again && stops()) return outcome_of(machine::Stopped{});
    if (!again) return outcome_of(std::move(end));
    if (hooks_.on_reboot) hooks_.on_reboot();
    if (const auto built = build(); !built) return machine::RunFailed{built.error()};
  }
}

// If the host's level changed, adapts the guest's offer to it. Ends the session if the guest's own level is no longer
// legal.
std::optional<machine::End> Session::State::check_host() {
  if (!host_watch_) return std::nullopt;
  const auto changed = host_watch_->look_again();
  if (!changed) return machine::RunFailed{changed.error()};
  if (!*changed) return std::nullopt;
  const std::string before = plan_.host;
  const auto adapted = guest::adapt_to(host_watch_->host(), plan_);
  if (!adapted) return no_longer_legal(plan_, adapted.error(), host_watch_->host());
  if (hooks_.on_host_change) hooks_.on_host_change({before, plan_.host, host_watch_->host()});
  return std::nullopt;
}

bool Session::State::stops() {
  const std::lock_guard lock(mutex_);
  return stop_reason_.has_value();
}

void Session::State::stop(StopReason reason) {
  const std::lock_guard lock(mutex_);
  if (!stop_reason_) stop_reason_ = reason;
  if (machine_) machine_->stop();
}

std::vector<std::string> Session::State::check_progress(std::chrono::seconds limit) {
  const std::lock_guard lock(mutex_);
  return machine_ ? machine_->check_progress(limit) : std::vector<std::string>();
}

Outcome Session::State::outcome_of(machine::End end) {
  if (auto *ended = std::get_if<machine::GuestEnded>(&end)) return std::move(*ended);
  if (auto *refused = std::get_if<machine::LevelRefused>(&end)) return std::move(*refused);
  if (auto *failed = std::get_if<machine::RunFailed>(&end)) return std::move(*failed);
  const std::lock_guard lock(mutex_);
  return Stopped{stop_reason_.value_or(StopRequested{})};
}

std::expected<Session, Failure> Session::open(kvm::Kernel &kernel, Start start, Settings settings, Hooks hooks,
                                              Environment &environment) {
  if (!hooks.observer.notice) hooks.observer.notice = [](const machine::Notice &) {};
  auto devices = TRY(devices::Devices::build(start.plan.devices, std::move(start.nvram), {}, environment));
  auto ram_files = TRY(machine::RamFiles::open(kernel, start.plan));
  auto kvm = start.kvm ? std::move(*start.kvm) : TRY(open_kvm(kernel));
  auto state = std::make_unique<State>(kernel, environment, std::move(start), std::move(kvm), std::move(devices),
                                       std::move(ram_files), settings, std::move(hooks));
  TRY(state->build());
  return Session(std::move(state));
}

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::Session(Session &&) noexcept = default;
Session::~Session() = default;
Outcome Session::run() { return state_->run(); }
void Session::stop(StopReason reason) { state_->stop(reason); }
std::vector<std::string> Session::check_progress(std::chrono::seconds limit) { return state_->check_progress(limit); }
devices::Devices &Session::devices() { return state_->devices(); }
const guest::MachinePlan &Session::plan() const { return state_->plan(); }

std::optional<Failure> failure_of(const Outcome &outcome) {
  if (const auto *refused = std::get_if<machine::LevelRefused>(&outcome)) return refused->failure;
  if (const auto *failed = std::get_if<machine::RunFailed>(&outcome)) return failed->failure;
  const auto *ended = std::get_if<machine::GuestEnded>(&outcome);
  if (ended == nullptr || ended->shutdown.kind != papr::Shutdown::Kind::kPanic) return std::nullopt;
  // Recent versions of Linux call ibm,os-term with the address 0.
  const std::string &message = ended->shutdown.message;
  return Failure{"the guest panicked", message.empty() ? "it gave no reason with ibm,os-term" : printable(message),
                 "see the last lines on its console"};
}

}  // namespace parley::session
