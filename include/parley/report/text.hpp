// SPDX-License-Identifier: Apache-2.0
//
// What people read: tables and sentences about the host and about a decision.
#pragma once

#include <string>

#include "parley/base/failure.hpp"
#include "parley/compat/negotiate.hpp"

namespace parley::report {

/// `parley inspect`: the table of sources, the doubts, the verdict. Ends in a newline, as all texts here.
std::string inspect_text(const compat::AssessedHost &host);
/// `parley check`: every rule with its evidence, for every level that was judged.
std::string trail_text(const std::vector<compat::Attempt> &trail);

/// What became of each entry of a guest's list of processors.
std::string negotiation_text(const compat::Negotiation &negotiation);

/// Why the policy refuses, and what is legal instead.
Failure explain(const compat::Refusal &refusal, const compat::AssessedHost &host);
/// Three lines at most: what, why, what to do.
std::string failure_text(const Failure &failure);

/// "power10 (0x0f000006); host level power10 (0x0f000006) by cpu-version 0x0f000006"
std::string decision_line(const compat::Decision &decision, const compat::AssessedHost &host);

}  // namespace parley::report
