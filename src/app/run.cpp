// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "guest_life.hpp"
#include "guest_request.hpp"
#include "host_source.hpp"
#include "parley/app/app.hpp"
#include "parley/base/text.hpp"
#include "parley/machine/machine.hpp"
#include "parley/report/text.hpp"

namespace parley::app {
namespace {

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
  const auto known = host_with_kvm(kernel, diagnostics);
  if (!known) return std::unexpected(Ended{known.error().code, known.error().failure});
  const compat::Host &host = *known;
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
