// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <functional>
#include <string>

#include "parley/kvm/arch_compat.hpp"
#include "parley/machine/machine.hpp"

namespace parley::machine {

/// Works its way down the plan's levels until the kernel takes one on every vCPU, and tells of every step.
class LevelSetter {
 public:
  /// Sets a level on one vCPU after the other, until one is refused; that one's answer, or the last one's.
  using SetAll = std::function<kvm::LevelSetting(LogicalPvr)>;

  LevelSetter(const guest::MachinePlan &plan, const Observer &observer, SetAll set_all)
      : plan_(plan), observer_(observer), set_all_(std::move(set_all)) {}

  /// The level that the vCPUs have now; LevelRefused when none is left, RunFailed when the kernel gave no answer to go
  /// by.
  std::expected<compat::Target, End> set_first() { return try_level(plan_.level); }
  /// After the kernel refused the current one in KVM_RUN, with that evidence.
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
