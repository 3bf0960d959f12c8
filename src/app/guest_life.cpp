// SPDX-License-Identifier: Apache-2.0
//
// A guest from its start to its end, as a user sees it. The main thread has the console and hears the signals, the
// guest's thread builds a machine and runs it; a reboot is a new machine of the same plan, so that nothing of the old
// one can stay behind. Both threads meet in two places: the guest's waits to be let go, and the console's knows the
// machine that runs.
#include "guest_life.hpp"

#include <malloc.h>
#include <sys/random.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>

#include "host_source.hpp"
#include "notices.hpp"
#include "parley/app/app.hpp"
#include "parley/base/file.hpp"
#include "parley/base/text.hpp"
#include "parley/base/thread.hpp"
#include "parley/base/try.hpp"
#include "parley/console/console.hpp"
#include "parley/host/level_watch.hpp"
#include "parley/machine/machine.hpp"
#include "parley/sandbox/sandbox.hpp"
#include "tree_file.hpp"

namespace parley::app {
namespace {

// The folders in which a socket's file must be removed in the end.
std::vector<std::filesystem::path> folders_of_sockets(const console::Endpoint &endpoint) {
  if (endpoint.kind != console::Endpoint::Kind::kUnixServer) return {};
  return {std::filesystem::path(endpoint.path).parent_path()};
}

// What a guest has besides its machine.
struct Belongings {
  devices::Devices devices;
  TreeFile tree;
  std::optional<host::LevelWatch> level_watch;
};

// A file can be opened in the sandbox only where the kernel keeps the process to one folder.
std::expected<std::optional<host::LevelWatch>, Failure> watch_as_allowed(const compat::AssessedHost &host,
                                                                         const Options &options,
                                                                         const Diagnostics &diagnostics) {
  if (host.capabilities.platform == host::Platform::kPowerNv) return std::nullopt;  // it is nobody's partition
  if (options.sandbox == sandbox::Mode::kOn && !TRY(sandbox::confines_files())) {
    diagnostics.debug(
        "when the guest reboots, the host's level is not looked at again: this kernel has no Landlock, without which "
        "no file is opened in the sandbox (--sandbox off)");
    return std::nullopt;
  }
  return watch_level(host);
}

class Life {
 public:
  Life(guest::MachinePlan plan, compat::AssessedHost host, OpenedKvm kvm, Belongings belongings, const Options &options,
       kvm::Kernel &kernel, const Diagnostics &diagnostics)
      : plan_(std::move(plan)),
        host_(std::move(host)),
        level_watch_(std::move(belongings.level_watch)),
        openings_{folders_of_sockets(options.serial), level_watch_ ? level_watch_->folder() : -1},
        system_(std::move(kvm.system)),
        fresh_vm_(std::move(kvm.fresh)),
        devices_(std::move(belongings.devices)),
        tree_file_(std::move(belongings.tree)),
        options_(options),
        kernel_(kernel),
        diagnostics_(diagnostics) {}

  Ended run();

 private:
  console::Events events();
  machine::Observer observer();
  std::vector<std::string> look_at_progress();
  void remember(const Failure &failure);
  void give_up(const Failure &failure);
  std::expected<void, Failure> start_guest();
  void let_guest_go();
  bool wait_until_let_go();
  void run_guest();
  std::expected<machine::Machine, Failure> build_from_plan();
  bool build_machine();
  bool starts_again(const machine::End &end) const;
  std::optional<machine::End> refused_by_changed_host();
  void stop_guest();
  Ended outcome() const;

  guest::MachinePlan plan_;
  compat::AssessedHost host_;
  const std::optional<host::LevelWatch> level_watch_;
  const sandbox::Openings openings_;
  const kvm::System system_;
  std::optional<machine::FreshVm> fresh_vm_;  // until the first machine has it
  devices::Devices devices_;
  TreeFile tree_file_;
  const Options &options_;
  kvm::Kernel &kernel_;
  const Diagnostics &diagnostics_;
  std::optional<console::Console> console_;

  std::mutex mutex_;  // of the machine, and of what ended it
  std::optional<machine::Machine> machine_;
  std::condition_variable changed_;  // one of the next two
  bool let_go_ = false;
  bool stopping_ = false;
  std::optional<Failure> failure_;  // of ours, not of the guest
  std::optional<machine::End> end_;
  int signal_ = 0;
  std::optional<std::jthread> guest_;  // last, so that it has ended before what it uses goes
};

console::Events Life::events() {
  return {.on_signal =
              [this](int signal) {
                signal_ = signal;
                stop_guest();
                console_->abandon();
              },
          .on_quit = [this] { stop_guest(); },
          .on_lost = [this](const Failure &failure) { give_up(failure); },
          .on_ready = [this] { let_guest_go(); },
          .on_tick =
              [this] {
                for (const std::string &stall : look_at_progress()) diagnostics_.warn(stall);
              },
          .on_news = [this](const std::string &news) { diagnostics_.info(news); }};
}

machine::Observer Life::observer() {
  machine::Observer observer;
  observer.notice = [this](const machine::Notice &notice) { announce(notice, plan_.host, diagnostics_); };
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

std::vector<std::string> Life::look_at_progress() {
  const std::lock_guard lock(mutex_);
  if (!options_.watchdog || !machine_) return {};
  return machine_->check_progress(*options_.watchdog);
}

// Each life begins with random numbers of its own.
std::expected<machine::Machine, Failure> Life::build_from_plan() {
  guest::MachinePlan plan = plan_;
  if (::getrandom(plan.rng_seed.data(), plan.rng_seed.size(), 0) != std::ssize(plan.rng_seed))
    return std::unexpected(
        Failure{"there are no random numbers for the guest", "getrandom: " + errno_text(errno), "see dmesg"});
  auto fresh = std::exchange(fresh_vm_, std::nullopt);
  if (!fresh) {
    auto created = machine::create_fresh_vm(system_);
    if (!created) return std::unexpected(machine::cannot_create(created.error()));
    fresh = std::move(*created);
  }
  return machine::Machine::build(kernel_, std::move(plan), devices_, observer(), std::move(fresh));
}

bool Life::build_machine() {
  auto built = build_from_plan();
  if (!built) {
    remember(built.error());
    return false;
  }
  const std::lock_guard lock(mutex_);
  machine_.emplace(std::move(*built));
  if (stopping_) machine_->stop();
  return true;
}

bool Life::starts_again(const machine::End &end) const {
  const auto *ended = std::get_if<machine::GuestEnded>(&end);
  return ended != nullptr && ended->shutdown.kind == papr::Shutdown::Kind::kReboot && options_.reboot;
}

// A partition may be moved to another machine while its guests run. Where its level is another one then, what the guest
// may have is decided anew; its own level it keeps, or it does not start again.
std::optional<machine::End> Life::refused_by_changed_host() {
  if (!level_watch_) return std::nullopt;
  auto changed = look_again(*level_watch_, host_);
  if (!changed) return machine::RunFailed{changed.error()};
  if (!*changed) return std::nullopt;
  host_ = std::move(**changed);
  const std::string before = plan_.host;
  const auto adapted = guest::adapt_to(host_, plan_);
  if (adapted) {
    diagnostics_.warn("the host has changed since the guest was started (a live migration?): it was " + before +
                      ", it is " + plan_.host);
    warn_of_doubts(host_, diagnostics_);
    return std::nullopt;
  }
  const compat::Step &refusal = adapted.error().steps.back();
  return machine::LevelRefused{
      {"the guest is not started again: " + describe(plan_.level) + " is no longer legal on this host",
       std::string(refusal.rule->name) + ": " + refusal.finding.evidence + "; when it was started, it was " + before +
           " (a live migration?)",
       describe(compat::legal_range(host_)) + "; parley inspect shows the evidence"}};
}

// The first cause counts.
void Life::remember(const Failure &failure) {
  const std::lock_guard lock(mutex_);
  if (!failure_) failure_ = failure;
}

void Life::give_up(const Failure &failure) {
  remember(failure);
  stop_guest();
}

// The guest's thread waits until the console is ready. Both threads lock themselves down, rather than the process
// before it has two: every filter that a thread has is run through at each exit of the guest, and takes a hundredth of
// it.
std::expected<void, Failure> Life::start_guest() {
  TRY(sandbox::lock_process(options_.sandbox, openings_));
  auto thread = start_thread([this] {
    try {
      run_guest();
    } catch (const std::exception &error) {
      remember(explain(error));
    }
    console_->finish();
  });
  if (!thread)
    return std::unexpected(Failure{"cannot start the guest's thread", "pthread_create: " + errno_text(thread.error()),
                                   "raise the limits (ulimit -u, pids.max), or end other programs"});
  guest_ = std::move(*thread);
  return sandbox::lock_thread(options_.sandbox, sandbox::Kind::kConsole, openings_);
}

void Life::let_guest_go() {
  const std::lock_guard lock(mutex_);
  let_go_ = true;
  changed_.notify_all();
}

bool Life::wait_until_let_go() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return let_go_ || stopping_; });
  return !stopping_;
}

// On the guest's thread. The first machine is there already.
void Life::run_guest() {
  const auto locked = sandbox::lock_thread(options_.sandbox, sandbox::Kind::kGuest, openings_);
  if (!locked) return remember(locked.error());
  if (!wait_until_let_go()) return;
  do {
    auto end = machine_->run();
    bool again = starts_again(end);
    if (auto refused = again ? refused_by_changed_host() : std::nullopt) {
      end = std::move(*refused);
      again = false;
    }
    {
      const std::lock_guard lock(mutex_);
      machine_.reset();
      end_ = std::move(end);
      if (!again || stopping_) break;
    }
    diagnostics_.info("the guest reboots");
  } while (build_machine());
}

void Life::stop_guest() {
  diagnostics_.writer().stop_waiting();
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  if (machine_) machine_->stop();
  changed_.notify_all();
}

Ended Life::outcome() const {
  using Kind = papr::Shutdown::Kind;
  if (failure_) return {kFailure, failure_};
  if (signal_ != 0) return {kSignal + signal_, std::nullopt};
  if (!end_) return {kSuccess, std::nullopt};
  if (const auto *refused = std::get_if<machine::LevelRefused>(&*end_)) return {kRefused, refused->failure};
  if (const auto *failed = std::get_if<machine::RunFailed>(&*end_)) return {kFailure, failed->failure};
  const auto *ended = std::get_if<machine::GuestEnded>(&*end_);
  if (ended == nullptr || ended->shutdown.kind != Kind::kPanic) return {kSuccess, std::nullopt};
  const std::string &message = ended->shutdown.message;
  // Linux has called ibm,os-term with the address 0 for some years now.
  return {kFailure,
          Failure{"the guest panicked", message.empty() ? "it gave no reason with ibm,os-term" : printable(message),
                  "see the last words on its console"}};
}

Ended Life::run() {
  auto opened =
      console::Console::open({{options_.serial, *devices_.terminal(0)}}, events(), {}, &diagnostics_.writer());
  if (!opened) return {kFailure, opened.error()};
  console_.emplace(std::move(*opened));
  if (!build_machine()) return {kFailure, failure_};
  try {
    // All that the guest needs is open, and it has not run yet.
    if (const auto started = start_guest()) {
      console_->run();
    } else {
      give_up(started.error());
    }
  } catch (const std::exception &error) {
    stop_guest();  // first: to say why takes memory
    remember(explain(error));
  }
  guest_.reset();  // joins
  if (const auto lost = console_->dropped(); lost != 0)
    diagnostics_.warn(std::to_string(lost) + " bytes of the guest's output were dropped: nobody read them");
  if (const auto lost = console_->dropped_input(); lost != 0)
    diagnostics_.warn(std::to_string(lost) + " typed bytes were dropped: the guest did not read them");
  console_.reset();  // the terminal is as it was before what follows is printed
  return outcome();
}

// One heap for all threads. With one for each, the C library wants to read in /sys how many processors there are, when
// a thread asks for its first memory; and they hold memory that the others lack.
void share_one_heap() {
#ifdef M_ARENA_MAX
  ::mallopt(M_ARENA_MAX, 1);
#endif
}

}  // namespace

Ended live(guest::MachinePlan plan, compat::AssessedHost host, OpenedKvm kvm, const Options &options,
           kvm::Kernel &kernel, const Diagnostics &diagnostics) {
  if (options.kernel && plan.boot == guest::BootKind::kFlatTree)
    diagnostics.info(
        "with a flat device tree nothing is negotiated: the guest has the level that is set, and must "
        "know it");
  share_one_heap();
  auto nvram = options.nvram ? devices::Nvram::open(*options.nvram) : devices::Nvram();
  if (!nvram) return {kFailure, nvram.error()};
  auto devices = devices::Devices::build(plan.devices, std::move(*nvram));
  if (!devices) return {kFailure, devices.error()};
  auto tree = options.dump_tree ? TreeFile::open(*options.dump_tree) : std::expected<TreeFile, Failure>();
  if (!tree) return {kFailure, tree.error()};
  auto watch = watch_as_allowed(host, options, diagnostics);
  if (!watch) return {kFailure, watch.error()};
  return Life(std::move(plan), std::move(host), std::move(kvm),
              {std::move(*devices), std::move(*tree), std::move(*watch)}, options, kernel, diagnostics)
      .run();
}

}  // namespace parley::app
