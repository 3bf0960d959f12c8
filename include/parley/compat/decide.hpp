// SPDX-License-Identifier: Apache-2.0
//
// Which processor may the guest see?
//
// The policy is a table of rules and a pure function over it. The rules judge each candidate level in order, until one
// refuses it. The answers with their evidence form the *trail*. The trail lets a user check the decision against the
// machine.
//
// The policy decides before the kernel is asked. Kernels before Linux 7.2 accept every level in their own table, for
// example a Power11 guest on a POWER10-level host. Their "yes" therefore proves nothing, while a "no" always counts.
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
  kNotAsked,  ///< no evidence: KVM was not asked, or the kernel lacks the call
};

struct Finding {
  Verdict verdict = Verdict::kPasses;
  std::string evidence;
};

/// The MMU that the user requests for a guest.
enum class MmuWish : std::uint8_t { kAuto, kRadix, kHash };

/// The input of the rules: the facts, the result of assess(), and the part of a request that concerns all levels.
struct AssessedHost {
  host::Facts facts;
  host::Capabilities capabilities;
  MmuWish mmu = MmuWish::kAuto;
};

/// Whether KVM offers the MMU to guests. True for radix, and false for hash, in a partition and if KVM was not asked.
bool offers_radix(const AssessedHost &host);
bool offers_hash(const AssessedHost &host);

struct Rule {
  std::string_view name;      ///< stable, for scripts ("not-above-host")
  std::string_view sentence;  ///< its requirement
  Finding (*judge)(Target, const AssessedHost &);
};

/// In the order of evaluation.
std::span<const Rule> rules();

struct Step {
  const Rule *rule = nullptr;
  Finding finding;
};

/// One level, judged by the rules. If a rule refuses, it is the last step.
struct Attempt {
  Target target;
  std::vector<Step> steps;

  bool legal() const { return steps.empty() || steps.back().finding.verdict != Verdict::kRefused; }
};

Attempt judge(Target target, const AssessedHost &host);

struct LegalRange {
  std::optional<Level> lowest;
  std::optional<Level> highest;
  std::string lowest_reason;  ///< why the level below is not legal
  std::string
      highest_reason;  ///< why the level above is not legal. Both: why the host's own level is not legal, when none is
};

LegalRange legal_range(const AssessedHost &host);
/// "legal here: power9 to power10"
std::string describe(const LegalRange &range);

struct Decision {
  Target chosen;
  std::vector<Target> next;    ///< further legal levels, in order, if the kernel refuses
  std::vector<Attempt> trail;  ///< every judged level, in order
  LegalRange legal;
  bool forced = false;      ///< the policy refused `chosen`, and --force overruled it
  bool may_change = false;  ///< the wish allows another level if the kernel refuses this one
};

struct Refusal {
  std::vector<Attempt> trail;  ///< has no legal level, and is never empty
  bool named = true;           ///< the wish named these levels; false: the trail judges a stand-in
  LegalRange legal;
};

std::expected<Decision, Refusal> decide(const Wish &wish, const AssessedHost &host);

}  // namespace parley::compat
