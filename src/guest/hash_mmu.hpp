// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "parley/guest/plan.hpp"

namespace parley::guest {

/// The hash MMU of a guest with that much memory (bytes).
HashPlan plan_hash(std::uint64_t memory_size, const compat::AssessedHost &host);

/// The function sets of hypercalls that a guest with this MMU may use.
std::vector<std::string> announced_functions(const MachinePlan &plan, compat::Translation mmu);

/// Describes it in a cpu node.
void add_hash_mmu(fdt::Node &cpu, const HashPlan &hash);

}  // namespace parley::guest
