// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>

#include "parley/kvm/arch_compat.hpp"
#include "parley/kvm/system.hpp"
#include "parley/machine/machine.hpp"

namespace parley::machine {

/// Works its way down the plan's levels until the kernel takes one, and tells of every step.
class LevelSetter {
 public:
  LevelSetter(const guest::MachinePlan &plan, const Observer &observer) : plan_(plan), observer_(observer) {}

  /// The level that the vCPU has now; LevelRefused when none is left, RunFailed when the kernel gave no answer to go
  /// by.
  std::expected<compat::Target, End> set_first(kvm::Vcpu &vcpu) { return try_level(vcpu, plan_.level); }
  /// After the kernel refused the current one in KVM_RUN, with that evidence.
  std::expected<compat::Target, End> set_next(kvm::Vcpu &vcpu, const std::string &evidence);

 private:
  std::expected<compat::Target, End> try_level(kvm::Vcpu &vcpu, compat::Target target);

  const guest::MachinePlan &plan_;
  const Observer &observer_;
  compat::Target current_;
  std::size_t next_ = 0;  // into plan_.fallbacks
};

}  // namespace parley::machine
