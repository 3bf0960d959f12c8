// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "parley/host/facts.hpp"
#include "parley/kvm/kernel.hpp"

namespace parley::app {

/// The exit codes of `parley`; 128 + n after signal n. README.md documents them.
enum ExitCode : int {
  kSuccess = 0,
  kFailure = 1,
  kUsage = 2,
  kRefused = 3,        ///< the policy or the kernel refused the level
  kNotApplicable = 4,  ///< no POWER KVM here
  kSignal = 128,
};

/// The program's access to the machine: the real one, or a test's fake.
struct World {
  kvm::Kernel &kernel;
  std::function<host::Facts()> live_facts = host::read_live_facts;  ///< all facts except KVM's
};

/// The whole program.
int run(int argc, const char *const *argv, const World &world);

}  // namespace parley::app
