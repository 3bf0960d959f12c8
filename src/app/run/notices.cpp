// SPDX-License-Identifier: Apache-2.0
#include "app/run/notices.hpp"

#include "parley/report/text.hpp"

namespace parley::app {
namespace {

void announce_negotiation(const machine::NegotiationOutcome &outcome, const std::string &host,
                          const Diagnostics &diagnostics) {
  const std::string lists = "; the guest's kernel lists " + outcome.guest_list;
  const std::string remark(compat::hash_remark(outcome.mmu));
  if (outcome.level) {
    diagnostics.info("negotiated " + describe(*outcome.level) + remark + ": " + host + "; offered " + outcome.offered +
                     lists + "; the best of both" +
                     (outcome.problem.empty() ? "" : " that the kernel accepts (" + outcome.problem + ")"));
  } else {
    diagnostics.warn("the guest's negotiation failed: " + outcome.problem + "; offered " + outcome.offered +
                     (outcome.guest_list.empty() ? "" : lists) + "; it continues at " + describe(outcome.current) +
                     remark);
  }
  if (!outcome.operating_system.empty()) diagnostics.debug("the guest is " + outcome.operating_system);
  diagnostics.debug_lines(report::negotiation_text(outcome.table));
}

}  // namespace

void announce(const machine::Notice &notice, const std::string &host, const Diagnostics &diagnostics) {
  if (const auto *taken = std::get_if<machine::LevelTaken>(&notice)) {
    diagnostics.info("guest level " + describe(taken->target) + std::string(compat::hash_remark(taken->mmu)) +
                     ", set and read back");
  } else if (const auto *replaced = std::get_if<machine::LevelReplaced>(&notice)) {
    diagnostics.warn("the kernel refuses " + describe(replaced->refused) + " (" + replaced->evidence +
                     "); falling back to " + describe(replaced->next));
  } else if (const auto *forced = std::get_if<machine::LevelForced>(&notice)) {
    diagnostics.warn("the kernel marks " + describe(forced->target) + " as invalid (" + forced->evidence +
                     "); running the vCPU anyway, because it is forced");
  } else {
    announce_negotiation(std::get<machine::NegotiationOutcome>(notice), host, diagnostics);
  }
}

}  // namespace parley::app
