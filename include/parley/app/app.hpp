// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "parley/host/facts.hpp"
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

/// Where the program finds itself: on this machine, or in a test.
struct World {
  kvm::Kernel &kernel;
  std::function<host::Facts()> live_facts = host::read_live_facts;  ///< all but KVM's
};

/// The whole program.
int run(int argc, const char *const *argv, const World &world);

}  // namespace parley::app
