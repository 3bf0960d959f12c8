// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "parley/matrix/cell.hpp"
#include "words.hpp"

namespace parley::report {

inline constexpr Word<matrix::Verdict> kVerdictWords[] = {
    {matrix::Verdict::kWorks, "works"},
    {matrix::Verdict::kRefused, "refused as expected"},
    {matrix::Verdict::kSurprise, "surprise"},
    {matrix::Verdict::kNotApplicable, "not applicable"},
};
inline constexpr Word<matrix::RunOutcome> kRunWords[] = {
    {matrix::RunOutcome::kEnded, "ended"},
    {matrix::RunOutcome::kLevelRefused, "level refused"},
    {matrix::RunOutcome::kFailed, "failed"},
    {matrix::RunOutcome::kTimedOut, "timed out"},
};
inline constexpr Word<matrix::Fact> kFactWords[] = {
    {matrix::Fact::kSet, "set"},
    {matrix::Fact::kReadback, "readback"},
    {matrix::Fact::kRun, "run"},
    {matrix::Fact::kGuest, "guest"},
};

std::string matrix_text(const matrix::Report &report);
std::string matrix_json(const matrix::Report &report);
std::string matrix_tap(const matrix::Report &report);
std::string matrix_ktap(const matrix::Report &report);
std::string matrix_junit(const matrix::Report &report);
std::string matrix_lava(const matrix::Report &report);

/// The rule that the policy's answer rests on.
const compat::Step &deciding_step(const compat::Attempt &policy);
/// One sentence for each fact of a cell, in their order.
std::vector<std::string> evidence(const matrix::Cell &cell);

}  // namespace parley::report
