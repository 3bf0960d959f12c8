// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "parley/guest/plan.hpp"
#include "parley/kvm/kernel.hpp"
#include "parley/matrix/cell.hpp"

namespace parley::app {

/// The guest of a matrix, and how long it may take.
struct TrialGuest {
  guest::GuestRequest request;
  std::chrono::seconds limit{60};
};

/// Tries a level on a virtual machine of its own, and judges what becomes of it. The kernel is not asked for what the
/// policy refuses, unless the cell is a forced one.
matrix::Cell try_cell(const matrix::CellId &id, const compat::AssessedHost &host, const TrialGuest &guest,
                      kvm::Kernel &kernel);

}  // namespace parley::app
