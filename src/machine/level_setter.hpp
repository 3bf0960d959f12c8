// SPDX-License-Identifier: Apache-2.0
//
// Works through the levels of a plan until the kernel accepts one on every vCPU.
//
// A plan has one first level and a list of fallbacks in order. For each level the kernel gives one of these answers
// (kvm::SettingOutcome):
//
//   taken      The level reads back on every vCPU. It is reported, and the guest starts with it.
//   poisoned   The kernel marked the level as invalid; such a vCPU cannot enter the guest. A forced first level is kept
//              all the same, because the user asked to see the answer of KVM_RUN. Other levels give way to the next
//              one.
//   refused    The kernel rejected the level or has no level register. The next level is tried.
//   otherwise  The call failed for a reason that no other level would change. The machine ends.
//
// KVM_RUN may refuse a level later (run_failure.hpp). Then set_next() continues from the same place in the list.
#pragma once

#include <expected>
#include <functional>
#include <string>

#include "parley/kvm/arch_compat.hpp"
#include "parley/machine/machine.hpp"

namespace parley::machine {

class LevelSetter {
 public:
  /// Sets a level on one vCPU after the other and stops at the first refusal. Returns the last answer.
  using SetAll = std::function<kvm::LevelSetting(LogicalPvr)>;

  LevelSetter(const guest::MachinePlan &plan, const Observer &observer, SetAll set_all)
      : plan_(plan), observer_(observer), set_all_(std::move(set_all)) {}

  /// Returns the level that the vCPUs have now. The error is LevelRefused if no level is left, or RunFailed if the
  /// kernel's answer says nothing about the level.
  std::expected<compat::Target, End> set_first() { return try_level(plan_.level); }
  /// Continues after KVM_RUN refused the current level. `evidence` is the kernel's answer.
  std::expected<compat::Target, End> set_next(const std::string &evidence);

 private:
  std::expected<compat::Target, End> try_level(compat::Target target);

  const guest::MachinePlan &plan_;
  const Observer &observer_;
  SetAll set_all_;
  compat::Target current_;
  std::size_t next_ = 0;  // into plan_.fallbacks
};

}  // namespace parley::machine
