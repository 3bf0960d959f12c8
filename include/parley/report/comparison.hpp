// SPDX-License-Identifier: Apache-2.0
//
// What has changed between two reports: two matrices, or two 'inspect --json'. Facts and verdicts are compared, not
// the sentences that explain them.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/failure.hpp"

namespace parley::report {

struct Change {
  std::string subject;                ///< a cell's or a host's name; empty for the one host of an inspect report
  std::string fact;                   ///< "set.readback"; empty where the whole cell or host came or went
  std::optional<std::string> before;  ///< a text as it is, else JSON; none where it was not there
  std::optional<std::string> after;
  friend bool operator==(const Change &, const Change &) = default;
};

struct Comparison {
  std::string before;  ///< names of the reports
  std::string after;
  std::vector<Change> changes;  ///< in the order of the later report, what went away last
};

struct NamedText {
  std::string name;  ///< a file's
  std::string_view text;
};

/// Both must be reports of the same kind.
std::expected<Comparison, Failure> compare_reports(const NamedText &before, const NamedText &after);

/// A line for each change, and their number.
std::string comparison_text(const Comparison &comparison);

}  // namespace parley::report
