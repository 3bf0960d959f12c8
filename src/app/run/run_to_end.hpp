// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/run/guest_run.hpp"
#include "parley/compat/decide.hpp"
#include "parley/guest/plan.hpp"
#include "parley/kvm/kernel.hpp"

namespace parley::app {

/// Opens what a guest has besides its machine, and runs it to its end.
Ended run_to_end(guest::MachinePlan plan, compat::AssessedHost host, session::OpenedKvm kvm, const RunOptions &options,
                 kvm::Kernel &kernel, const Diagnostics &diagnostics);

}  // namespace parley::app
