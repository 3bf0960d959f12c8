// SPDX-License-Identifier: Apache-2.0
//
// A matrix as test results, for test farms: TAP 13, KTAP, JUnit and LAVA.
//
// Each cell is one test. A predicted outcome passes, even if it is a refusal. A surprise fails. A cell that could not
// be tried is skipped. An error or a lost cell also fails where a format has only two results; JUnit counts it as an
// error. KTAP groups tests by nesting, with one group for each host.
//
// The evidence goes along as comments or as system-out, so that the farm's page explains a failure. Evidence contains
// text from guests and device trees, hence arbitrary bytes: printable() replaces control characters first, then each
// format escapes its own special characters. The formats: testanything.org for TAP, Documentation/dev-tools/ktap.rst in
// Linux for KTAP, docs.lavasoftware.org ("Using LAVA signals") for LAVA.
#include <algorithm>

#include "matrix_forms.hpp"
#include "parley/base/text.hpp"
#include "parley/report/matrix.hpp"

namespace parley::report {
namespace {

using matrix::Verdict;

bool surprised(const matrix::Cell &cell) { return cell.judgement.verdict == Verdict::kSurprise; }
bool skipped(const matrix::Cell &cell) { return cell.judgement.verdict == Verdict::kNotApplicable; }
// The outcome is unknown.
bool in_error(const matrix::Cell &cell) { return !matrix::as_expected(cell) && !surprised(cell); }

long count(const std::vector<matrix::Cell> &cells, bool (*is)(const matrix::Cell &)) {
  return std::ranges::count_if(cells, is);
}

std::size_t count_cells(const matrix::Report &report) {
  std::size_t count = 0;
  for (const auto &host : report.hosts) count += host.cells.size();
  return count;
}

std::vector<std::string> about(const matrix::HostReport &host) {
  std::vector<std::string> lines{"host: " + described_host(host)};
  for (const std::string &note : host.notes) lines.push_back("note: " + note);
  return lines;
}

// A '#' begins a directive in TAP, and text from a host may contain arbitrary bytes.
std::string comment(std::string_view text) {
  std::string line = printable(text);
  std::ranges::replace(line, '#', ' ');
  return line;
}

std::string comments(const std::vector<std::string> &lines, const std::string &indent) {
  std::string text;
  for (const std::string &line : lines) text += indent + "# " + comment(line) + "\n";
  return text;
}

// Continues the numbering from `number`.
std::string tap_results(const matrix::HostReport &host, const std::string &indent, bool dash, std::size_t &number) {
  std::string text;
  for (const auto &cell : host.cells) {
    text += comments(evidence(cell), indent);
    text += indent + (matrix::as_expected(cell) ? "ok " : "not ok ") + std::to_string(++number) + (dash ? " - " : " ") +
            matrix::name(cell.id);
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

std::string junit_counts(const std::vector<matrix::Cell> &cells) {
  return "tests=\"" + std::to_string(cells.size()) + "\" failures=\"" + std::to_string(count(cells, surprised)) +
         "\" errors=\"" + std::to_string(count(cells, in_error)) + "\" skipped=\"" +
         std::to_string(count(cells, skipped)) + "\"";
}

std::string junit_case(const matrix::Cell &cell, const std::string &suite) {
  const std::string reason = xml(cell.judgement.reason);
  std::string text =
      "    <testcase classname=\"" + suite + "\" name=\"" + xml(matrix::name(cell.id)) + "\" time=\"0\">\n";
  if (surprised(cell)) text += "      <failure message=\"" + reason + "\"/>\n";
  if (in_error(cell)) text += "      <error message=\"" + reason + "\"/>\n";
  if (skipped(cell)) text += "      <skipped message=\"" + reason + "\"/>\n";
  text += "      <system-out>";
  for (const std::string &line : evidence(cell)) text += xml(line) + "\n";
  return text + "</system-out>\n    </testcase>\n";
}

std::string junit_suite(const matrix::HostReport &host) {
  const std::string name = xml(matrix::name(host.id));
  std::string text = "  <testsuite name=\"" + name + "\" " + junit_counts(host.cells) + " time=\"0\">\n" +
                     "    <properties>\n      <property name=\"host\" value=\"" + xml(described_host(host)) + "\"/>\n";
  for (const std::string &note : host.notes) text += "      <property name=\"note\" value=\"" + xml(note) + "\"/>\n";
  text += "    </properties>\n";
  for (const auto &cell : host.cells) text += junit_case(cell, name);
  return text + "  </testsuite>\n";
}

}  // namespace

std::string matrix_tap(const matrix::Report &report) {
  std::string text = "TAP version 13\n1.." + std::to_string(count_cells(report)) + "\n";
  std::size_t number = 0;
  for (const auto &host : report.hosts) text += comments(about(host), "") + tap_results(host, "", true, number);
  return text;
}

std::string matrix_ktap(const matrix::Report &report) {
  constexpr const char *kIndent = "    ";
  std::string text = "KTAP version 1\n1.." + std::to_string(report.hosts.size()) + "\n";
  std::size_t group = 0;
  for (const auto &host : report.hosts) {
    const std::string name = matrix::name(host.id);
    std::size_t number = 0;
    text += std::string(kIndent) + "KTAP version 1\n" + kIndent + "# Subtest: " + name + "\n" + kIndent + "1.." +
            std::to_string(host.cells.size()) + "\n" + comments(about(host), kIndent) +
            tap_results(host, kIndent, false, number);
    text += std::string(matrix::as_expected(host) ? "ok " : "not ok ") + std::to_string(++group) + " " + name + "\n";
  }
  return text;
}

std::string matrix_junit(const matrix::Report &report) {
  std::vector<matrix::Cell> all;
  for (const auto &host : report.hosts) all.insert(all.end(), host.cells.begin(), host.cells.end());
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites " + junit_counts(all) + " time=\"0\">\n";
  for (const auto &host : report.hosts) text += junit_suite(host);
  return text + "</testsuites>\n";
}

std::string matrix_lava(const matrix::Report &report) {
  std::string text;
  for (const auto &host : report.hosts) {
    for (const auto &cell : host.cells) {
      const char *result = !matrix::as_expected(cell) ? "fail" : skipped(cell) ? "skip" : "pass";
      text += "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=" + matrix::name(cell.id) + " RESULT=" + result + ">\n";
    }
  }
  return text;
}

}  // namespace parley::report
