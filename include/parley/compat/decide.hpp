// SPDX-License-Identifier: Apache-2.0
//
// Which processor may the guest see?
//
// The policy is a table of rules and a pure function over it. Every level that comes into question is judged by every
// rule in turn, until one refuses it; what each rule said, and on what evidence, is the *trail*. A decision
// without its trail would be a claim; with it, a user can check the reasoning against the machine.
//
// The policy is asked before the kernel. Kernels before Linux 7.2 take any level that their own table lists (a Power11
// guest on a POWER10-level host), so the kernel's "yes" proves nothing; its "no" always counts.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/compat/target.hpp"
#include "parley/host/capabilities.hpp"

namespace parley::compat {

enum class Verdict : std::uint8_t {
  kPasses,
  kRefused,
  kNotAsked,  ///< the rule has nothing to go by: KVM was not asked, the kernel has no such call
};

struct Finding {
  Verdict verdict = Verdict::kPasses;
  std::string evidence;
};

/// What the rules are applied to: the facts, and what assess() made of them.
struct AssessedHost {
  host::Facts facts;
  host::Capabilities capabilities;
};

struct Rule {
  std::string_view name;      ///< stable, for scripts ("not-above-host")
  std::string_view sentence;  ///< what it demands
  Finding (*judge)(Target, const AssessedHost &);
};

/// In the order in which they are asked.
std::span<const Rule> rules();

struct Step {
  const Rule *rule = nullptr;
  Finding finding;
};

/// One level before the rules. The last step is the refusing one, if any.
struct Attempt {
  Target target;
  std::vector<Step> steps;

  bool legal() const { return steps.empty() || steps.back().finding.verdict != Verdict::kRefused; }
};

Attempt judge(Target target, const AssessedHost &host);

struct LegalRange {
  std::optional<Level> lowest;
  std::optional<Level> highest;
  std::string lowest_reason;   ///< why not the level below
  std::string highest_reason;  ///< why not the level above; both: why not the host's own, where none is legal
};

LegalRange legal_range(const AssessedHost &host);
/// "legal here: power9 to power10"
std::string describe(const LegalRange &range);

struct Decision {
  Target chosen;
  std::vector<Target> next;    ///< further legal ones, in order, for when the kernel refuses
  std::vector<Attempt> trail;  ///< every level that was judged, in order
  LegalRange legal;
  bool forced = false;      ///< the policy refused `chosen`, and was told not to matter
  bool may_change = false;  ///< the wish allows another level when the kernel refuses this one
};

struct Refusal {
  std::vector<Attempt> trail;  ///< none of it legal; never empty
  bool named = true;           ///< the trail is of levels that the wish stands for, and no stand-in
  LegalRange legal;
};

std::expected<Decision, Refusal> decide(const Wish &wish, const AssessedHost &host);

}  // namespace parley::compat
