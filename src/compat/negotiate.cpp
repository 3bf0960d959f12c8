// SPDX-License-Identifier: Apache-2.0
#include "parley/compat/negotiate.hpp"

#include <algorithm>
#include <ranges>

#include "parley/base/text.hpp"
#include "parley/compat/mmu.hpp"

namespace parley::compat {
namespace {

// Best first: raw, then the levels in descending order.
std::vector<Target> all_targets() {
  std::vector<Target> targets{Target::raw()};
  for (const Level level : Level::all() | std::views::reverse) targets.push_back(Target::of(level));
  return targets;
}

bool covers(std::span<const PvrEntry> list, std::uint32_t pvr) {
  return std::ranges::any_of(list, [&](const PvrEntry &entry) { return entry.covers(pvr); });
}

std::string why_withheld(Target target, const Decision &decision, const AssessedHost &host) {
  const auto level = target.level();
  if (!level) return "raw was not requested";
  if (!has_radix(target) && !platform_for(target, host).hash)
    return "it has no radix MMU, and guests here have only radix";
  const auto cap = decision.chosen.level();
  if (!cap) return short_name(decision.chosen) + " was requested";
  if (*level > *cap) return "above " + short_name(decision.chosen) + ", the highest level for this guest";
  const Attempt attempt = judge(target, host);
  return attempt.legal() ? "" : attempt.steps.back().finding.evidence;
}

std::string join_names(const std::vector<Target> &targets) {
  std::vector<std::string> names;
  for (const Target target : targets) names.push_back(short_name(target));
  return join(names, ", ");
}

}  // namespace

void Offer::limit_to(Target target, const std::string &why) {
  const auto best = std::ranges::find(targets, target);
  if (best == targets.end()) return;
  for (auto better = targets.begin(); better != best; ++better) withheld.push_back({*better, why});
  targets.erase(targets.begin(), best);
}

void Offer::withhold_hash_only(const std::string &why) {
  for (const Target target : targets)
    if (!has_radix(target)) withheld.push_back({target, why});
  std::erase_if(targets, [](Target target) { return !has_radix(target); });
}

Offer make_offer(const Decision &decision, const AssessedHost &host) {
  Offer offer;
  offer.pvr = host.facts.kvm.pvr.value_or(host.facts.system.cpuinfo_pvr.value_or(PhysicalPvr{}));
  offer.targets.push_back(decision.chosen);
  offer.targets.insert(offer.targets.end(), decision.next.begin(), decision.next.end());
  for (const Target target : all_targets()) {
    if (std::ranges::find(offer.targets, target) != offer.targets.end()) continue;
    std::string why = why_withheld(target, decision, host);
    if (why.empty()) {
      offer.targets.push_back(target);
    } else {
      offer.withheld.push_back({target, std::move(why)});
    }
  }
  return offer;
}

std::string describe(const Offer &offer) { return join_names(offer.targets); }

Negotiation negotiate(std::span<const PvrEntry> list, const Offer &offer) {
  Negotiation result;
  for (const PvrEntry &entry : list) {
    std::vector<std::string> matches;
    std::vector<std::string> fates;
    const auto note = [&](Target target, const std::string &fate) {
      if (!entry.covers(target.pvr_shown(offer.pvr))) return;
      matches.push_back(short_name(target));
      if (std::ranges::find(fates, fate) == fates.end()) fates.push_back(fate);
    };
    for (const Target target : offer.targets) note(target, "offered");
    for (const auto &withheld : offer.withheld) note(withheld.target, withheld.why);
    result.entries.push_back(
        {entry, matches.empty() ? "-" : join(matches, ", "), fates.empty() ? "no known level" : join(fates, "; ")});
  }
  for (const Target target : offer.targets) {
    if (covers(list, target.pvr_shown(offer.pvr))) result.candidates.push_back(target);
  }
  return result;
}

std::string describe(std::span<const PvrEntry> list, PhysicalPvr pvr) {
  std::vector<Target> covered;
  for (const Target target : all_targets() | std::views::reverse) {
    if (covers(list, target.pvr_shown(pvr))) covered.push_back(target);
  }
  return covered.empty() ? "no known level" : join_names(covered);
}

}  // namespace parley::compat
