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

#include "parley/matrix/cell_id.hpp"

namespace parley::matrix {

/// What Parley's own rules say, before the kernel is asked.
struct Policy {
  bool legal = false;
  std::string rule;  ///< the one that the answer rests on ("not-above-host")
  std::string evidence;
};
Policy policy_of(const compat::Attempt &attempt);

/// How a Linux guest and Parley agreed upon a level.
struct Negotiated {
  std::optional<compat::Target> level;  ///< none when they did not
  bool listed = false;                  ///< the guest's kernel lists the level of the cell
  std::string guest_list;               ///< the levels that it lists
  std::string problem;                  ///< why they did not, or what was refused on the way
};

enum class RunOutcome : std::uint8_t {
  kEnded,         ///< the guest ran and powered off
  kLevelRefused,  ///< KVM_RUN refused the level
  kFailed,        ///< KVM_RUN, the machine or the guest failed in another way
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
  std::optional<std::string> platform;       ///< a Linux' AT_PLATFORM
};

/// The facts of a cell, in the order in which they come about. What was not tried is absent.
struct Observation {
  Policy policy;
  std::optional<host::LevelTrial> set;  ///< KVM_SET_ONE_REG arch_compat, and its reading back
  std::optional<Negotiated> negotiated;
  std::optional<Run> run;
  std::optional<Seen> seen;
};

enum class Verdict : std::uint8_t {
  kWorks,          ///< the guest ran at the level, and saw it
  kRefused,        ///< as the rules for this host predict
  kSurprise,       ///< a fact disagrees with the prediction
  kNotApplicable,  ///< it could not be tried
  kError,          ///< the worker or its host died over it
  kLost,           ///< planned, and no result came back
};

enum class Fact : std::uint8_t { kSet, kReadback, kRun, kGuest };

struct Judgement {
  Verdict verdict = Verdict::kNotApplicable;
  std::string reason;             ///< one sentence
  std::optional<Fact> disagrees;  ///< of a surprise
};

struct Cell {
  CellId id;
  std::optional<Observation> observed;  ///< none when no worker came so far
  std::string expected;                 ///< of the kernel, in words; empty where the host is not known
  Judgement judgement;
  std::vector<std::string> log;  ///< of an error: the last lines of the host's console
};

/// What Linux' KVM answers to KVM_SET_ONE_REG arch_compat on a vCPU of this host.
struct Prediction {
  std::vector<host::TrialOutcome> outcomes;  ///< one of these
  std::string_view sentence;
};
Prediction predict(compat::Target asked, const compat::AssessedHost &host);

/// Why nobody can try this cell anywhere; nothing when somebody can.
std::optional<std::string> cannot_be_tried(const CellId &id);

/// Compares the facts, in the order in which they came about, with the prediction.
Judgement judge(const CellId &id, const Observation &observed, const compat::AssessedHost &host);

/// A guest's console as facts, with the sentences of the built-in guest or of the lab's Linux (docs/matrix.md).
Seen read_guest(std::string_view console);

}  // namespace parley::matrix
