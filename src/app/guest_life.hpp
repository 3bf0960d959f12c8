// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "diagnostics.hpp"
#include "options.hpp"
#include "parley/compat/decide.hpp"
#include "parley/guest/plan.hpp"
#include "parley/kvm/kernel.hpp"
#include "parley/machine/fresh_vm.hpp"

namespace parley::app {

/// A failure that already knows its exit code.
struct Ended {
  int code;
  std::optional<Failure> failure;
};

/// The opened KVM, and the VM that the first machine uses.
struct OpenedKvm {
  kvm::System system;
  machine::FreshVm fresh;
};

/// Runs the guest of that plan, its console where the options say, over as many reboots as it likes, and as its host
/// allows: that is looked at again before each.
Ended live(guest::MachinePlan plan, compat::AssessedHost host, OpenedKvm kvm, const Options &options,
           kvm::Kernel &kernel, const Diagnostics &diagnostics);

}  // namespace parley::app
