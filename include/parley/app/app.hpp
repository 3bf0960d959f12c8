// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "parley/kvm/kernel.hpp"

namespace parley::app {

/// How `parley` ends; 128 + n after signal n. README.md documents them.
enum ExitCode : int {
  kSuccess = 0,
  kFailure = 1,
  kUsage = 2,
  kRefused = 3,        ///< the level was refused cleanly, by the policy or by the kernel
  kNotApplicable = 4,  ///< no POWER KVM here
  kSignal = 128,
};

/// The whole program, on that kernel.
int run(int argc, const char *const *argv, kvm::Kernel &kernel);

}  // namespace parley::app
