// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "parley/guest/plan.hpp"
#include "parley/kvm/kernel.hpp"
#include "parley/matrix/cell.hpp"

namespace parley::executor {

/// The guest of a matrix.
struct TrialGuest {
  matrix::Guest kind = matrix::Guest::kBuiltin;
  guest::GuestRequest request;
  std::chrono::seconds time_limit{60};
};

/// Tries a level on a virtual machine of its own, and judges the outcome. The kernel is not asked for a level that the
/// policy refuses, unless the cell is a forced one.
matrix::Cell try_cell(const matrix::CellId &id, const compat::AssessedHost &host, const TrialGuest &guest,
                      kvm::Kernel &kernel);

}  // namespace parley::executor
