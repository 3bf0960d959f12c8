// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "parley/host/readings.hpp"

namespace parley::host {

/// The capabilities that KVM has, by name. They name no level.
Reading read_kvm_capabilities(const KvmFacts &kvm);

/// The levels that the hypervisor grants (KVM_PPC_GET_COMPAT_CAPS); `level` is the highest.
Reading read_compat_caps(const KvmFacts &kvm);

/// One reading for each level that was tried.
std::vector<TrialReading> read_trials(const KvmFacts &kvm);

}  // namespace parley::host
