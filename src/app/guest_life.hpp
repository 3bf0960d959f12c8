// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "diagnostics.hpp"
#include "options.hpp"
#include "parley/guest/plan.hpp"
#include "parley/kvm/kernel.hpp"
#include "parley/machine/shell.hpp"

namespace parley::app {

/// A failure that already knows its exit code.
struct Ended {
  int code;
  std::optional<Failure> failure;
};

/// Runs the guest of that plan, its console where the options say, over as many reboots as it likes. The shell, where
/// there is one, is its first machine's.
Ended live(guest::MachinePlan plan, std::optional<machine::Shell> shell, const Options &options, kvm::Kernel &kernel,
           const Diagnostics &diagnostics);

}  // namespace parley::app
