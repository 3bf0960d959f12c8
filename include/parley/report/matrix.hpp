// SPDX-License-Identifier: Apache-2.0
//
// A matrix in forms for people and for test farms. A predicted outcome passes, whether the guest runs or the level is
// refused. A surprise, an error and a lost cell fail. A cell that could not be tried is skipped.
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
  kKtap,   ///< KTAP version 1, the format of the kernel's own tests (Documentation/dev-tools/ktap.rst)
  kTap13,  ///< TAP version 13
  kJunit,  ///< the XML of JUnit
  kHtml,   ///< one self-contained page
  kLava,   ///< one LAVA signal on the console for each cell
};

std::optional<MatrixFormat> matrix_format(std::string_view name);
/// "text", "json", …
std::vector<std::string> matrix_format_names();

/// The whole report, ending in a newline. Text and HTML also list the changes since another report.
std::string matrix(const matrix::Report &report, MatrixFormat format,
                   const std::optional<Comparison> &since = std::nullopt);

/// Reads a report in JSON. `name` is the file, for the message.
std::expected<matrix::Report, Failure> read_matrix_json(std::string_view text, const std::string &name);

/// "works", "refused as expected", "surprise", "not applicable", "error", "lost"
std::string_view name(matrix::Verdict verdict);

}  // namespace parley::report
