// SPDX-License-Identifier: Apache-2.0
#include "parley/compat/decide.hpp"

#include <algorithm>
#include <ranges>

namespace parley::compat {
namespace {

void add_once(std::vector<Target> &targets, Target target) {
  if (std::ranges::find(targets, target) == targets.end()) targets.push_back(target);
}

// Highest first, from below `ceiling` (or from the top) down.
void add_levels_below(std::vector<Target> &targets, std::optional<Level> ceiling) {
  for (const Level level : Level::all() | std::views::reverse) {
    if (!ceiling || level < *ceiling) add_once(targets, Target::of(level));
  }
}

// A fallback goes down, never up: it starts below the lowest requested level. Raw and unknown values rank above all
// levels.
std::optional<Level> lowest_of(const std::vector<Target> &targets) {
  std::optional<Level> lowest;
  for (const Target target : targets) {
    if (const auto level = target.level(); level && (!lowest || *level < *lowest)) lowest = level;
  }
  return lowest;
}

std::vector<Target> candidates(const Wish &wish, const AssessedHost &host) {
  std::vector<Target> targets;
  const auto host_level = host.capabilities.level;
  for (const Request &request : wish.preference) {
    switch (request.kind) {
      case Request::Kind::kTarget:
        add_once(targets, request.target);
        break;
      // kHost and kAuto name no level when the host's level is unknown.
      case Request::Kind::kHost:
        if (host_level) add_once(targets, Target::of(*host_level));
        break;
      case Request::Kind::kAuto:
        if (!host_level) break;
        add_once(targets, Target::of(*host_level));
        add_levels_below(targets, host_level);
        break;
    }
  }
  if (wish.fallback && !targets.empty()) add_levels_below(targets, lowest_of(targets));
  return targets;
}

std::string refusing_evidence(const Attempt &attempt) {
  return attempt.legal() ? "" : attempt.steps.back().finding.evidence;
}

}  // namespace

Attempt judge(Target target, const AssessedHost &host) {
  Attempt attempt{target, {}};
  attempt.steps.reserve(rules().size());
  for (const Rule &rule : rules()) {
    attempt.steps.push_back({&rule, rule.judge(target, host)});
    if (!attempt.legal()) break;
  }
  return attempt;
}

// Goes from the highest level down, and stops at the first illegal level below the legal ones.
LegalRange legal_range(const AssessedHost &host) {
  LegalRange range;
  std::string above = "it is the highest level that this program knows";
  std::string
      why_none;  // of the highest level at or below the host's; the levels above it are illegal for another reason
  for (const Level level : Level::all() | std::views::reverse) {
    const Attempt attempt = judge(Target::of(level), host);
    if (attempt.legal()) {
      if (!range.lowest) {
        range.highest = level;
        range.highest_reason = above;
      }
      range.lowest = level;
    } else if (range.lowest) {
      range.lowest_reason = refusing_evidence(attempt);
      return range;
    } else {
      above = refusing_evidence(attempt);
      const auto &host_level = host.capabilities.level;
      if (why_none.empty() && (!host_level || level <= *host_level)) why_none = above;
    }
  }
  if (range.lowest) {
    range.lowest_reason = "it is the lowest level that KVM knows";
  } else {
    range.highest_reason = range.lowest_reason = why_none;
  }
  return range;
}

std::string describe(const LegalRange &range) {
  if (!range.lowest) return "no level is legal here: " + range.lowest_reason;
  if (*range.lowest == *range.highest) return "the only legal level here is " + std::string(range.highest->name());
  return "legal here: " + std::string(range.lowest->name()) + " to " + std::string(range.highest->name());
}

std::expected<Decision, Refusal> decide(const Wish &wish, const AssessedHost &host) {
  // "auto" alone means one level, the highest legal one. Only a list or a fallback allows another one later.
  const bool may_change = wish.fallback || wish.preference.size() > 1;
  Decision decision;
  std::vector<Target> usable;
  for (const Target target : candidates(wish, host)) {
    Attempt attempt = judge(target, host);
    const bool forced = wish.force && usable.empty() && !attempt.legal();
    if (attempt.legal() || forced) usable.push_back(target);
    decision.forced |= forced;
    decision.trail.push_back(std::move(attempt));
    if (!usable.empty() && !may_change) break;
  }
  // "auto" and "host" name no level when the host's level is unknown. Then the highest level is judged as a stand-in.
  const bool named = !decision.trail.empty();
  if (!named) decision.trail.push_back(judge(Target::of(Level::highest()), host));
  if (usable.empty()) return std::unexpected(Refusal{std::move(decision.trail), named, legal_range(host)});
  decision.chosen = usable.front();
  decision.next.assign(usable.begin() + 1, usable.end());
  decision.may_change = may_change;
  decision.legal = legal_range(host);
  return decision;
}

}  // namespace parley::compat
