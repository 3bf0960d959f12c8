// SPDX-License-Identifier: Apache-2.0
//
// Results and reports of a matrix, in all the forms that are made of them, and what its guests print.
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
    // LAVA's form is a line for each cell: nothing where there is none.
    require(written.empty() || written.ends_with('\n'), "a report ends with a newline");
  }
  const std::string written = report::matrix(*read, report::MatrixFormat::kJson);
  const auto again = report::read_matrix_json(written, "again");
  require(again.has_value(), "what is written can be read");
  require(report::matrix(*again, report::MatrixFormat::kJson) == written, "and says the same");
}

}  // namespace parley::fuzz
