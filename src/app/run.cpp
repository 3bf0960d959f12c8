// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "guest_life.hpp"
#include "host_source.hpp"
#include "parley/app/app.hpp"
#include "parley/base/file.hpp"
#include "parley/base/text.hpp"
#include "parley/machine/machine.hpp"
#include "parley/machine/probe.hpp"
#include "parley/report/text.hpp"

namespace parley::app {
namespace {

constexpr std::size_t kMaxFileSize = std::size_t{1} << 32;

std::expected<SharedBytes, Failure> open_file(const char *what, const std::string &path) {
  auto file = SharedBytes::open(path, kMaxFileSize);
  if (file) return std::move(*file);
  return std::unexpected(Failure{"cannot read the " + std::string(what) + " " + path, errno_text(file.error().error),
                                 "give a file that exists and may be read"});
}

std::expected<guest::Payload, Failure> load_payload(const Options &options) {
  if (!options.kernel && !options.payload) return guest::builtin_payload();
  const std::string &path = options.kernel ? *options.kernel : *options.payload;
  auto file = open_file(options.kernel ? "kernel" : "payload", path);
  if (!file) return std::unexpected(file.error());
  return options.kernel ? guest::read_kernel(*file, path) : guest::read_payload(std::move(*file), path);
}

std::expected<guest::GuestRequest, Failure> request_of(const Options &options) {
  guest::GuestRequest request;
  request.memory_size = options.memory_size;
  request.processors = options.processors;
  request.boot = options.kernel ? options.boot : guest::BootKind::kFlatTree;
  request.command_line = options.command_line;
  auto payload = load_payload(options);
  if (!payload) return std::unexpected(payload.error());
  request.payload = std::move(*payload);
  if (options.initrd) {
    auto initrd = open_file("initrd", *options.initrd);
    if (!initrd) return std::unexpected(initrd.error());
    request.initrd = std::move(*initrd);
  }
  return request;
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

std::expected<guest::MachinePlan, Ended> plan_guest(const Options &options, kvm::Kernel &kernel,
                                                    const Diagnostics &diagnostics) {
  if (!options.no_effect.empty())
    diagnostics.warn("without effect here: " + join(options.no_effect, ", ") +
                     " (a guest of Parley's has what its host has)");
  auto request = request_of(options);
  if (!request) return std::unexpected(Ended{kFailure, request.error()});
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
  auto plan = guest::plan_machine(std::move(*request), *decision, host, machine::services(host.facts.kvm));
  if (!plan) return std::unexpected(Ended{kFailure, plan.error()});
  return std::move(*plan);
}

}  // namespace

int run_guest(const Options &options, kvm::Kernel &kernel, const Diagnostics &diagnostics) {
  auto plan = plan_guest(options, kernel, diagnostics);
  const Ended ended = plan ? live(std::move(*plan), options, kernel, diagnostics) : plan.error();
  if (ended.failure) diagnostics.failure(*ended.failure);
  return ended.code;
}

}  // namespace parley::app
