// SPDX-License-Identifier: Apache-2.0
//
// Results and reports of a matrix in all output formats, and the text that its guests print.
#include "input.hpp"
#include "parley/matrix/cell.hpp"
#include "parley/report/matrix.hpp"
#include "targets.hpp"

namespace parley::fuzz {

void matrix_json(ByteView bytes) {
  const std::string text = Input(bytes).rest();
  matrix::read_guest(text);
  const auto read = report::read_matrix_json(text, "here");
  if (!read) return;
  for (const std::string &form : report::matrix_format_names()) {
    const std::string written = report::matrix(*read, *report::matrix_format(form));
    // LAVA's format has one line for each cell, so it is empty where there is no cell.
    require(written.empty() || written.ends_with('\n'), "a report ends with a newline");
  }
  const std::string written = report::matrix(*read, report::MatrixFormat::kJson);
  const auto again = report::read_matrix_json(written, "again");
  require(again.has_value(), "a written report can be read");
  require(report::matrix(*again, report::MatrixFormat::kJson) == written, "a report is the same after reading");
}

}  // namespace parley::fuzz
