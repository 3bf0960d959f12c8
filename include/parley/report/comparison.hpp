// SPDX-License-Identifier: Apache-2.0
//
// The changes between two reports: two matrices, or two reports of 'inspect --json'. Facts and verdicts are compared,
// sentences are not.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/failure.hpp"

namespace parley::report {

struct Change {
  std::string subject;                ///< name of a cell or host; empty for the host of an inspect report
  std::string fact;                   ///< "set.readback"; empty when the whole cell or host was added or removed
  std::optional<std::string> before;  ///< strings verbatim, other values as JSON; none when absent
  std::optional<std::string> after;
  friend bool operator==(const Change &, const Change &) = default;
};

struct Comparison {
  std::string before;  ///< names of the reports
  std::string after;
  std::vector<Change> changes;  ///< in the order of the later report; removed items last
};

struct NamedText {
  std::string name;  ///< of the file
  std::string_view text;
};

/// Both must be reports of the same kind.
std::expected<Comparison, Failure> compare_reports(const NamedText &before, const NamedText &after);

/// A line for each change, and their number.
std::string comparison_text(const Comparison &comparison);

}  // namespace parley::report
