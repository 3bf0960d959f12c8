// SPDX-License-Identifier: Apache-2.0
//
// The matrix: every level on a host, with its outcome and its expected outcome.
//
// A *cell* is one level for a guest on one kind of host. It holds the answer of Parley's policy, the kernel's answer to
// setting the level, the value read back, the result of KVM_RUN, and the level that the guest itself saw. The *verdict*
// compares these facts with the prediction of the rules for this host. A predicted refusal is a good result. A fact
// that contradicts the prediction makes the cell a *surprise*, and the verdict names that fact.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/matrix/cell_id.hpp"

namespace parley::matrix {

/// The answer of Parley's own rules, before the kernel is asked.
struct Policy {
  bool legal = false;
  std::string rule;  ///< the rule behind the answer ("not-above-host")
  std::string evidence;
};
Policy policy_of(const compat::Attempt &attempt);

/// The negotiation between a Linux guest and Parley.
struct Negotiated {
  std::optional<compat::Target> level;  ///< none when they agreed on no level
  bool listed = false;                  ///< the guest's kernel lists the cell's level
  std::string guest_list;               ///< the levels in the list of the guest's kernel
  std::string problem;                  ///< why the negotiation failed, or which level was refused during it
};

enum class RunOutcome : std::uint8_t {
  kEnded,         ///< the guest ran and powered off
  kLevelRefused,  ///< KVM_RUN refused the level
  kFailed,        ///< KVM_RUN, the machine or the guest failed for another reason
  kTimedOut,      ///< the guest was still running at its time limit
};

struct Run {
  RunOutcome outcome = RunOutcome::kFailed;
  std::string failure;   ///< kvm::name() of a failed KVM_RUN ("level-invalid"), else empty
  std::string evidence;  ///< the reason as text; empty when the guest ended
};

/// The guest's own report.
struct Seen {
  std::optional<std::uint32_t> cpu_version;  ///< in its device tree
  std::optional<PhysicalPvr> pvr;            ///< read from the PVR register
  std::optional<std::string> platform;       ///< AT_PLATFORM of a Linux guest
};

/// The facts of a cell, in chronological order. Steps that were not tried are absent.
struct Observation {
  Policy policy;
  std::optional<host::LevelTrial> set;  ///< KVM_SET_ONE_REG arch_compat, and the value read back
  std::optional<Negotiated> negotiated;
  std::optional<Run> run;
  std::optional<Seen> seen;
};

enum class Verdict : std::uint8_t {
  kWorks,          ///< the guest ran at the level and saw it
  kRefused,        ///< refused, as the rules for this host predict
  kSurprise,       ///< a fact disagrees with the prediction
  kNotApplicable,  ///< it could not be tried
  kError,          ///< the worker or its host died
  kLost,           ///< planned, but no result came back
};

enum class Fact : std::uint8_t { kSet, kReadback, kRun, kGuest };

struct Judgement {
  Verdict verdict = Verdict::kNotApplicable;
  std::string reason;             ///< one sentence
  std::optional<Fact> disagrees;  ///< the contradicting fact of a surprise
};

struct Cell {
  CellId id;
  std::optional<Observation> observed;  ///< none when no worker got that far
  std::string expected;                 ///< the prediction for the kernel as text; empty when the host is unknown
  Judgement judgement;
  std::vector<std::string> log;  ///< for an error: the last lines of the host's console
};

/// The expected answer of Linux' KVM to KVM_SET_ONE_REG arch_compat on this host.
struct Prediction {
  std::vector<host::TrialOutcome> outcomes;  ///< one of these
  std::string_view sentence;
};
Prediction predict(compat::Target asked, const compat::AssessedHost &host);

/// Why this cell cannot be tried on any host; none when it can.
std::optional<std::string> cannot_be_tried(const CellId &id, const compat::AssessedHost &host);

/// Compares the facts, in chronological order, with the prediction.
Judgement judge(const CellId &id, const Observation &observed, const compat::AssessedHost &host);

/// The facts in a guest's console output: the built-in guest and the lab's Linux print them (docs/matrix.md).
Seen read_guest(std::string_view console);

}  // namespace parley::matrix
