// SPDX-License-Identifier: Apache-2.0
//
// The matrix: every level on a host, what became of it, and whether that was to be expected.
//
// A *cell* is one level for a guest on one kind of host. It holds what Parley's policy said, what the kernel answered
// when it was asked to set the level, what it read back, what KVM_RUN did and what the guest itself saw. The *verdict*
// compares that with what the rules for this host predict. A refusal that was predicted is a good result; what nobody
// predicted is a *surprise*, and names the fact that disagrees.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/compat/decide.hpp"

namespace parley::matrix {

enum class RunOutcome : std::uint8_t {
  kEnded,         ///< the guest ran and powered off
  kLevelRefused,  ///< KVM_RUN refused the level
  kFailed,        ///< KVM_RUN, or the machine, failed in another way
  kTimedOut,      ///< the guest was still running when its time was up
};

struct Run {
  RunOutcome outcome = RunOutcome::kFailed;
  std::string failure;   ///< kvm::name() of a failed KVM_RUN ("level-invalid"), else empty
  std::string evidence;  ///< why, in words; empty when the guest ended
};

/// What the guest itself reported.
struct Seen {
  std::optional<std::uint32_t> cpu_version;  ///< of its device tree
  std::optional<PhysicalPvr> pvr;            ///< what reading the PVR gave it
};

/// The facts of a cell, in the order in which they come about. What was not tried is absent.
struct Observation {
  compat::Attempt policy;               ///< the rules, before the kernel was asked
  std::optional<host::LevelTrial> set;  ///< KVM_SET_ONE_REG arch_compat, and its reading back
  std::optional<Run> run;
  std::optional<Seen> seen;
};

enum class Verdict : std::uint8_t {
  kWorks,          ///< the guest ran at the level, and saw it
  kRefused,        ///< as the rules for this host predict
  kSurprise,       ///< a fact disagrees with the prediction
  kNotApplicable,  ///< it could not be tried
};

enum class Fact : std::uint8_t { kSet, kReadback, kRun, kGuest };

struct Judgement {
  Verdict verdict = Verdict::kNotApplicable;
  std::string reason;             ///< one sentence
  std::optional<Fact> disagrees;  ///< of a surprise
};

struct Cell {
  std::string id;
  compat::Target asked;
  bool forced = false;  ///< the policy refuses, and the kernel was asked all the same
  Observation observed;
  std::string expected;  ///< of the kernel, in words
  Judgement judgement;
};

/// The cells of one host.
struct Report {
  compat::Host host;
  std::vector<Cell> cells;
};

/// "host.power11.compat.power10": the silicon and the host's level.
std::string cell_prefix(const compat::Host &host);
/// "host.power11.compat.power10.guest.power9"; a forced cell ends in ".forced".
std::string cell_id(const compat::Host &host, compat::Target asked, bool forced);

/// What Linux' KVM answers to KVM_SET_ONE_REG arch_compat on a vCPU of this host.
struct Prediction {
  std::vector<host::TrialOutcome> outcomes;  ///< one of these
  std::string_view sentence;
};
Prediction predict(compat::Target asked, const compat::Host &host);

/// Compares the facts, in the order in which they came about, with the prediction.
Judgement judge(const Observation &observed, const compat::Host &host);

/// The guest's console, with the sentences of the built-in guest, as facts.
Seen read_builtin_guest(std::string_view console);

/// No cell surprised.
bool as_expected(const Report &report);

}  // namespace parley::matrix
