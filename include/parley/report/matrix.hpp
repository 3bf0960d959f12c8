// SPDX-License-Identifier: Apache-2.0
//
// A matrix in the forms that people and test farms read. What was predicted passes, be it a guest that runs or a level
// that is refused; a surprise, an error and a lost cell fail; what could not be tried is skipped.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/matrix/report.hpp"
#include "parley/report/comparison.hpp"

namespace parley::report {

enum class MatrixFormat : std::uint8_t {
  kText,
  kJson,   ///< docs/matrix.schema.json
  kKtap,   ///< KTAP version 1, as the kernel's own tests write it (Documentation/dev-tools/ktap.rst)
  kTap13,  ///< TAP version 13
  kJunit,  ///< the XML of JUnit
  kHtml,   ///< one page that needs nothing else
  kLava,   ///< a line for LAVA on the console, for each cell
};

std::optional<MatrixFormat> matrix_format(std::string_view name);
/// "text", "json", …
std::vector<std::string> matrix_format_names();

/// The whole report, ending in a newline; in text and on the page with what has changed since another one.
std::string matrix(const matrix::Report &report, MatrixFormat format,
                   const std::optional<Comparison> &since = std::nullopt);

/// A report that was written as JSON. `name` says where it came from, for the message.
std::expected<matrix::Report, Failure> read_matrix_json(std::string_view text, const std::string &name);

/// "works", "refused as expected", "surprise", "not applicable", "error", "lost"
std::string_view name(matrix::Verdict verdict);

}  // namespace parley::report
