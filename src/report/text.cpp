// SPDX-License-Identifier: Apache-2.0
//
// Text for people: the tables of `parley inspect` and `parley check`, and the failure of a refusal.
//
// The tables put the conclusion after its evidence. `inspect` shows one row for each source, then the doubts, then the
// verdict with a reason for each line. `check` shows one row for each rule that was evaluated. A failure has three
// lines: the first says what failed, the second why, with the rule and its evidence, the third what the user can do.
#include "parley/report/text.hpp"

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "table.hpp"
#include "words.hpp"

namespace parley::report {
namespace {

std::string level_name(const std::optional<Level> &level) { return level ? std::string(level->name()) : "-"; }

std::string sources_table(const host::Capabilities &capabilities) {
  std::vector<Row> rows{{"SOURCE", "LEVEL", "AGREES", "TRUST", "SAYS"}};
  for (const auto &source : capabilities.sources) {
    rows.push_back({source.name, level_name(source.level), std::string(word_for(kAgreementWords, source.agreement)),
                    std::string(word_for(kTrustWords, source.trust)), source.says});
  }
  return table(rows);
}

std::string verdict_table(const compat::AssessedHost &host) {
  const auto &known = host.capabilities;
  const auto legal = compat::legal_range(host);
  const auto level_row = [](const std::optional<Level> &level, const std::string &reason) {
    return (level ? describe(*level) : std::string("none")) + ": " + reason;
  };
  std::vector<Row> rows{
      {"kind of host", describe_kind(known) + ": " + known.kind_reason},
      {"silicon", level_name(known.silicon)},
      {"effective level", level_row(known.level, known.level_reason)},
  };
  if (legal.highest) {
    rows.push_back({"highest legal", level_row(legal.highest, legal.highest_reason)});
    rows.push_back({"lowest legal", level_row(legal.lowest, legal.lowest_reason)});
  } else {
    rows.push_back({"legal levels", level_row(std::nullopt, legal.highest_reason)});
  }
  rows.push_back({"interrupt controller", known.interrupt_controller});
  rows.push_back({"page size", known.page_size != 0 ? fmt::format("{} KiB", known.page_size / 1024) : "unknown"});
  rows.push_back(
      {"threads per core", known.threads_per_core != 0 ? std::to_string(known.threads_per_core) : "unknown"});
  if (!host.facts.system.kernel_release.empty()) rows.push_back({"kernel", host.facts.system.kernel_release});
  return table(rows);
}

std::string_view verdict_word(compat::Verdict verdict) {
  switch (verdict) {
    case compat::Verdict::kPasses:
      return "passes";
    case compat::Verdict::kRefused:
      return "REFUSED";
    case compat::Verdict::kNotAsked:
      break;
  }
  return "not asked";
}

std::string_view with_mmu(compat::MmuWish wish) {
  if (wish == compat::MmuWish::kAuto) return "";
  return wish == compat::MmuWish::kHash ? " with the hash MMU" : " with the radix MMU";
}

const compat::Step &refusing_step(const compat::Attempt &attempt) { return attempt.steps.back(); }

}  // namespace

std::string inspect_text(const compat::AssessedHost &host) {
  std::string text;
  if (!host.capabilities.sources.empty()) text += sources_table(host.capabilities) + "\n";
  for (const auto &doubt : host.capabilities.doubts) text += fmt::format("doubt: {} ({})\n", doubt.sentence, doubt.id);
  if (!host.capabilities.doubts.empty()) text += "\n";
  return text + verdict_table(host);
}

std::string negotiation_text(const compat::Negotiation &negotiation) {
  std::vector<Row> rows{{"MASK", "VALUE", "LEVEL", "FATE"}};
  for (const auto &fate : negotiation.entries)
    rows.push_back({hex32(fate.entry.mask), hex32(fate.entry.value), fate.match, fate.fate});
  return table(rows);
}

std::string trail_text(const std::vector<compat::Attempt> &trail) {
  std::string text;
  for (const auto &attempt : trail) {
    std::vector<Row> rows;
    for (const auto &step : attempt.steps) {
      rows.push_back({"  " + std::string(verdict_word(step.finding.verdict)), std::string(step.rule->name),
                      std::string(step.rule->sentence), step.finding.evidence});
    }
    const std::string verdict =
        attempt.legal() ? "legal" : "refused by " + std::string(refusing_step(attempt).rule->name);
    text += describe(attempt.target) + ": " + verdict + "\n" + table(rows);
  }
  return text;
}

Failure explain(const compat::Refusal &refusal, const compat::AssessedHost &host) {
  // The first wish is the most preferred one.
  const auto &attempt = refusal.trail.front();
  const auto &step = refusing_step(attempt);
  Failure failure;
  const std::string asked =
      (refusal.named ? describe(attempt.target) : "every level") + std::string(with_mmu(host.mmu));
  failure.what = fmt::format("{} is refused on this host ({})", asked, describe_kind(host.capabilities));
  failure.why = fmt::format("{}: {}", step.rule->name, step.finding.evidence);
  const bool requested = host.mmu != compat::MmuWish::kAuto;
  if (requested) failure.what_to_do = refusal.legal.lowest ? "leave --mmu out; with it, " : "leave --mmu out";
  if (!requested || refusal.legal.lowest) failure.what_to_do += describe(refusal.legal);
  failure.what_to_do += "; parley inspect shows the evidence";
  return failure;
}

std::string failure_text(const Failure &failure) {
  std::string text = failure.what + "\n";
  if (!failure.why.empty()) text += "  why: " + failure.why + "\n";
  if (!failure.what_to_do.empty()) text += "  do:  " + failure.what_to_do + "\n";
  return text;
}

std::string decision_line(const compat::Decision &decision, const compat::AssessedHost &host) {
  const auto &known = host.capabilities;
  return fmt::format("{}; host level {} by {}", describe(decision.chosen),
                     known.level ? describe(*known.level) : "unknown", known.level_reason);
}

}  // namespace parley::report
