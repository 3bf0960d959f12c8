// SPDX-License-Identifier: Apache-2.0
//
// Text for people: tables and sentences about the host and about a decision.
#pragma once

#include <string>

#include "parley/base/failure.hpp"
#include "parley/compat/negotiate.hpp"

namespace parley::report {

/// `parley inspect`: the table of sources, the doubts, the verdict. Ends in a newline, like all texts here.
std::string inspect_text(const compat::AssessedHost &host);
/// `parley check`: every evaluated rule with its evidence, for every judged level.
std::string trail_text(const std::vector<compat::Attempt> &trail);

/// The result for each entry of a guest's list of processors.
std::string negotiation_text(const compat::Negotiation &negotiation);

/// Why the policy refuses, and which levels are legal.
Failure explain(const compat::Refusal &refusal, const compat::AssessedHost &host);
/// At most three lines: what failed, why, what to do.
std::string failure_text(const Failure &failure);

/// "power10 (0x0f000006); host level power10 (0x0f000006) by cpu-version 0x0f000006"
std::string decision_line(const compat::Decision &decision, const compat::AssessedHost &host);

}  // namespace parley::report
