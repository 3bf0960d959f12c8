// SPDX-License-Identifier: Apache-2.0
//
// A matrix as the results of tests, one for each cell.
#include <algorithm>

#include "matrix_forms.hpp"
#include "parley/base/text.hpp"
#include "parley/report/matrix.hpp"

namespace parley::report {
namespace {

using matrix::Verdict;

bool failed(const matrix::Cell &cell) { return cell.judgement.verdict == Verdict::kSurprise; }
bool skipped(const matrix::Cell &cell) { return cell.judgement.verdict == Verdict::kNotApplicable; }

long count(const matrix::Report &report, bool (*is)(const matrix::Cell &)) {
  return std::ranges::count_if(report.cells, is);
}

// A '#' begins a directive in TAP. What a host's files say may hold any bytes.
std::string comment(std::string_view text) {
  std::string line = printable(text);
  std::ranges::replace(line, '#', ' ');
  return line;
}

std::string tap_results(const matrix::Report &report, const std::string &indent, bool dash) {
  std::string text;
  std::size_t number = 0;
  for (const auto &cell : report.cells) {
    for (const std::string &line : evidence(cell)) text += indent + "# " + comment(line) + "\n";
    text += indent + (failed(cell) ? "not ok " : "ok ") + std::to_string(++number) + (dash ? " - " : " ") + cell.id;
    if (skipped(cell)) text += " # SKIP " + comment(cell.judgement.reason);
    text += "\n";
  }
  return text;
}

std::string xml(std::string_view text) {
  std::string escaped;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string suite_name(const matrix::Report &report) {
  return matrix::cell_prefix(report.host) + ".kernel." + report.host.facts.system.kernel_release;
}

}  // namespace

std::string matrix_tap(const matrix::Report &report) {
  return "TAP version 13\n1.." + std::to_string(report.cells.size()) + "\n" + tap_results(report, "", true);
}

// KTAP groups tests by nesting: here one group, the host.
std::string matrix_ktap(const matrix::Report &report) {
  const std::string name = suite_name(report);
  const bool good = matrix::as_expected(report);
  return "KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: " + name + "\n    1.." +
         std::to_string(report.cells.size()) + "\n" + tap_results(report, "    ", false) +
         (good ? "ok 1 " : "not ok 1 ") + name + "\n";
}

std::string matrix_junit(const matrix::Report &report) {
  const std::string name = xml(suite_name(report));
  const std::string counts = "tests=\"" + std::to_string(report.cells.size()) + "\" failures=\"" +
                             std::to_string(count(report, failed)) + "\" errors=\"0\" skipped=\"" +
                             std::to_string(count(report, skipped)) + "\"";
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites " + counts + ">\n  <testsuite name=\"" +
                     name + "\" " + counts + ">\n";
  for (const auto &cell : report.cells) {
    const std::string reason = xml(cell.judgement.reason);
    text += "    <testcase classname=\"" + name + "\" name=\"" + xml(cell.id) + "\">\n";
    if (failed(cell)) text += "      <failure message=\"" + reason + "\"/>\n";
    if (skipped(cell)) text += "      <skipped message=\"" + reason + "\"/>\n";
    text += "      <system-out>";
    for (const std::string &line : evidence(cell)) text += xml(line) + "\n";
    text += "</system-out>\n    </testcase>\n";
  }
  return text + "  </testsuite>\n</testsuites>\n";
}

// https://docs.lavasoftware.org, "Using LAVA signals"
std::string matrix_lava(const matrix::Report &report) {
  std::string text;
  for (const auto &cell : report.cells) {
    const char *result = failed(cell) ? "fail" : skipped(cell) ? "skip" : "pass";
    text += "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=" + cell.id + " RESULT=" + result + ">\n";
  }
  return text;
}

}  // namespace parley::report
