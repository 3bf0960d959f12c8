// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "json_values.hpp"
#include "parley/report/matrix.hpp"
#include "words.hpp"

namespace parley::report {

inline constexpr Word<matrix::Verdict> kVerdictWords[] = {
    {matrix::Verdict::kWorks, "works"},       {matrix::Verdict::kRefused, "refused as expected"},
    {matrix::Verdict::kSurprise, "surprise"}, {matrix::Verdict::kNotApplicable, "not applicable"},
    {matrix::Verdict::kError, "error"},       {matrix::Verdict::kLost, "lost"},
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
inline constexpr Word<matrix::Guest> kGuestWords[] = {
    {matrix::Guest::kBuiltin, "builtin"},
    {matrix::Guest::kLinux, "linux"},
};

std::string matrix_text(const matrix::Report &report);
std::string matrix_json(const matrix::Report &report);
std::string matrix_tap(const matrix::Report &report);
std::string matrix_ktap(const matrix::Report &report);
std::string matrix_junit(const matrix::Report &report);
std::string matrix_lava(const matrix::Report &report);
std::string matrix_html(const matrix::Report &report, const std::optional<Comparison> &comparison);

/// The JSON value behind matrix_json().
Json matrix_value(const matrix::Report &report);

/// One sentence for each fact of a cell, in chronological order.
std::vector<std::string> evidence(const matrix::Cell &cell);
/// "pseries, nested API v2 (PAPR H_GUEST_*), level power10, kernel 7.2.13"
std::string described_host(const matrix::HostReport &host);

}  // namespace parley::report
