// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <optional>
#include <thread>

#include "commands.hpp"
#include "host_source.hpp"
#include "parley/app/app.hpp"
#include "parley/base/file.hpp"
#include "parley/base/text.hpp"
#include "parley/console/output.hpp"
#include "parley/console/signal_loop.hpp"
#include "parley/machine/machine.hpp"
#include "parley/machine/probe.hpp"
#include "parley/report/text.hpp"

namespace parley::app {
namespace {

constexpr std::size_t kMaxPayloadSize = std::size_t{1} << 31;

/// A failure that already knows its exit code.
struct Ended {
  int code;
  std::optional<Failure> failure;
};

std::expected<guest::Payload, Failure> load_payload(const Options &options) {
  if (!options.payload) return guest::builtin_payload();
  auto file = read_file(*options.payload, kMaxPayloadSize);
  if (!file)
    return std::unexpected(Failure{"cannot read the payload " + *options.payload, errno_text(file.error().error),
                                   "give a file that exists and may be read"});
  return guest::read_payload(std::move(*file), *options.payload);
}

// What the user asked for, where the policy did not grant it as it stands.
void announce_policy(const compat::Decision &decision, const Diagnostics &diagnostics) {
  for (const auto &attempt : decision.trail) {
    if (attempt.legal()) break;
    const auto &step = attempt.steps.back();
    const std::string why = std::string(step.rule->name) + ": " + step.finding.evidence;
    if (decision.forced && attempt.target == decision.chosen) {
      diagnostics.warn("forced: " + describe(attempt.target) + " is not legal here (" + why + ")");
      break;
    }
    diagnostics.warn(describe(attempt.target) + " is not legal here (" + why + "); taking the next");
  }
}

void announce(const machine::Notice &notice, const Diagnostics &diagnostics) {
  if (const auto *taken = std::get_if<machine::LevelTaken>(&notice)) {
    diagnostics.info("guest level " + describe(taken->target) + ", set and read back");
  } else if (const auto *replaced = std::get_if<machine::LevelReplaced>(&notice)) {
    diagnostics.warn("the kernel refuses " + describe(replaced->refused) + " (" + replaced->evidence +
                     "); falling back to " + describe(replaced->next));
  } else if (const auto *forced = std::get_if<machine::LevelForced>(&notice)) {
    diagnostics.warn("the kernel marks " + describe(forced->target) + " as invalid (" + forced->evidence +
                     "); running the vCPU all the same, as forced");
  }
}

Ended end_of(const machine::End &end, int signal) {
  if (const auto *refused = std::get_if<machine::LevelRefused>(&end)) return {kRefused, refused->failure};
  if (const auto *failed = std::get_if<machine::RunFailed>(&end)) return {kFailure, failed->failure};
  if (const auto *ended = std::get_if<machine::GuestEnded>(&end)) {
    using Kind = papr::Shutdown::Kind;
    if (ended->shutdown.kind == Kind::kPanic)
      return {kFailure, Failure{"the guest panicked", printable(ended->shutdown.message), "see its last words above"}};
    return {kSuccess, std::nullopt};
  }
  return {kSignal + signal, std::nullopt};
}

/// The guest's console on standard output. A reader that is gone ends the guest; one that is slow must not keep a
/// signal from ending it.
class StandardOutput {
 public:
  void write(std::string_view text, const std::function<void()> &stop_guest) {
    if (error_ != 0) return;
    const auto written = console::write_all(STDOUT_FILENO, text, &ending_);
    if (written || ending_) return;
    error_ = written.error();
    stop_guest();
  }
  void end() { ending_ = true; }
  int error() const { return error_; }

 private:
  std::atomic<bool> ending_ = false;
  int error_ = 0;  // the guest's thread writes it, the main thread reads it after the join
};

Ended run_machine(guest::MachinePlan plan, kvm::Kernel &kernel, const Diagnostics &diagnostics) {
  StandardOutput output;
  std::optional<machine::Machine> machine;
  machine::Observer observer;
  observer.console = [&](std::string_view text) { output.write(text, [&] { machine->stop(); }); };
  observer.notice = [&](const machine::Notice &notice) { announce(notice, diagnostics); };
  if (diagnostics.traces()) observer.trace = [&](const std::string &line) { diagnostics.trace(line); };

  auto built = machine::Machine::build(kernel, std::move(plan), std::move(observer));
  if (!built) return {kFailure, built.error()};
  machine.emplace(std::move(*built));

  int signal = 0;
  console::SignalLoop loop([&](int number) {
    signal = number;
    output.end();
    machine->stop();
  });
  std::optional<machine::End> end;
  {
    const std::jthread vcpu([&] {
      end = machine->run();
      loop.finish();
    });
    loop.run();
  }
  if (output.error() != 0)
    return {kFailure, Failure{"cannot write the guest's output to standard output", errno_text(output.error()),
                              "the guest was ended; give it a reader that stays, or room on the disk"}};
  return end_of(*end, signal);
}

std::expected<guest::MachinePlan, Ended> plan_guest(const Options &options, kvm::Kernel &kernel,
                                                    const Diagnostics &diagnostics) {
  auto payload = load_payload(options);
  if (!payload) return std::unexpected(Ended{kFailure, payload.error()});
  const compat::Host host = assess_host(machine::gather_facts(kernel));
  if (host.facts.kvm.access != host::KvmAccess::kHv) {
    return std::unexpected(Ended{machine::is_refusal(host.facts.kvm.access) ? kFailure : kNotApplicable,
                                 machine::explain_access(host.facts.kvm)});
  }
  for (const auto &doubt : host.capabilities.doubts) diagnostics.warn(doubt.sentence);
  const auto decision = compat::decide(options.wish, host);
  if (!decision) return std::unexpected(Ended{kRefused, report::explain(decision.error(), host)});
  announce_policy(*decision, diagnostics);
  diagnostics.debug("chosen " + report::decision_line(*decision, host));
  diagnostics.debug_lines(report::trail_text(decision->trail));
  auto plan = guest::plan_machine(options.memory_size, *decision, host, std::move(*payload), machine::services());
  if (!plan) return std::unexpected(Ended{kFailure, plan.error()});
  return std::move(*plan);
}

}  // namespace

int run_guest(const Options &options, kvm::Kernel &kernel, const Diagnostics &diagnostics) {
  auto plan = plan_guest(options, kernel, diagnostics);
  const Ended ended = plan ? run_machine(std::move(*plan), kernel, diagnostics) : plan.error();
  if (ended.failure) diagnostics.failure(*ended.failure);
  return ended.code;
}

}  // namespace parley::app
