// SPDX-License-Identifier: Apache-2.0
#include "parley/report/comparison.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/hosts.hpp"
#include "parley/report/json.hpp"
#include "parley/report/matrix.hpp"

namespace parley::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

compat::AssessedHost host_of(const char *tree, const char *kernel) {
  host::Facts facts = parley::testing::tree_only(tree);
  facts.system.kernel_release = kernel;
  facts.system.cpuinfo_pvr = PhysicalPvr{0x00821200};
  auto capabilities = host::assess(facts);
  return {std::move(facts), std::move(capabilities)};
}

std::string matrix_of(const char *kernel, std::uint32_t readback, matrix::Verdict verdict,
                      std::vector<const char *> levels = {"power10"}) {
  const auto host = host_of("power11-as-power10", kernel);
  matrix::HostReport report{matrix::host_id(host), host, {}, {}};
  for (const char *name : levels) {
    matrix::Cell cell;
    cell.id = {report.id, compat::Target::of(level(name)), matrix::Guest::kBuiltin, false};
    cell.observed = matrix::Observation{{true, "not-above-host", kernel}, {}, {}, {}, {}};
    cell.observed->set = host::LevelTrial{cell.id.target.pvr, host::TrialOutcome::kTaken, 0, LogicalPvr{readback}};
    cell.judgement = {verdict, std::string("because of ") + kernel, std::nullopt};
    report.cells.push_back(cell);
  }
  return matrix({{report}}, MatrixFormat::kJson);
}

std::string changes(const std::string &before, const std::string &after) {
  const auto comparison = compare_reports({"a.json", before}, {"b.json", after});
  return comparison ? comparison_text(*comparison) : comparison.error().why;
}

constexpr auto kWorks = matrix::Verdict::kWorks;

TEST(Comparison, FindsNoChangeInTheSameReport) {
  const auto text = matrix_of("7.2.13", 0x0f000006, kWorks);
  EXPECT_EQ(changes(text, text), "no change since a.json\n");
}

TEST(Comparison, NamesChangedFactsOfCellsAndHostsButNoSentences) {
  EXPECT_EQ(
      changes(matrix_of("7.2.13", 0x0f000006, kWorks), matrix_of("7.2.14", 0x0f000005, matrix::Verdict::kSurprise)),
      "host.power11.compat.power10: facts.system.kernel_release: 7.2.13 -> 7.2.14\n"
      "host.power11.compat.power10.guest.power10: set.readback: 0x0f000006 -> 0x0f000005\n"
      "host.power11.compat.power10.guest.power10: verdict: works -> surprise\n"
      "3 changes since a.json\n");
}

TEST(Comparison, NamesAddedAndRemovedCells) {
  const auto both = matrix_of("7.2.13", 0x0f000006, kWorks, {"power9", "power10"});
  const auto one = matrix_of("7.2.13", 0x0f000006, kWorks, {"power10"});
  const std::string gone = "host.power11.compat.power10.guest.power9: ";
  EXPECT_EQ(changes(one, both), gone + "(absent) -> works\n1 change since a.json\n");
  EXPECT_EQ(changes(both, one), gone + "works -> (absent)\n1 change since a.json\n");
}

TEST(Comparison, NamesTheChangedFactsOfAHost) {
  const auto found =
      changes(inspect_json(host_of("power11-as-power10", "7.2.13")), inspect_json(host_of("power11", "7.2.13")));
  EXPECT_THAT(found, HasSubstr("facts.tree.cpus[0].cpu_version: 0f000006 -> 0f000007\n"));
  EXPECT_THAT(found, HasSubstr("verdict.level: power10 -> power11\n"));
  EXPECT_THAT(found, Not(HasSubstr("reason")));
}

TEST(Comparison, RefusesReportsThatCannotBeCompared) {
  const auto matrix = matrix_of("7.2.13", 0x0f000006, matrix::Verdict::kWorks);
  const auto inspected = inspect_json(host_of("power11", "7.2.13"));
  const auto refused = [](const std::string &before, const std::string &after) {
    const auto comparison = compare_reports({"a.json", before}, {"b.json", after});
    return comparison ? std::string() : comparison.error().what + ": " + comparison.error().why;
  };
  EXPECT_THAT(refused(matrix, inspected), HasSubstr("one is parley-matrix/2, the other parley-inspect/1"));
  EXPECT_THAT(refused("", matrix), HasSubstr("a.json"));
  EXPECT_THAT(refused(matrix, "{"), HasSubstr("b.json"));
  EXPECT_THAT(refused(matrix, std::string(1 << 20, '[')), HasSubstr("nested too deeply"));
  const std::string hollow = R"({"schema": "parley-matrix/2", "hosts": [{"id": 7}]})";
  EXPECT_THAT(refused(hollow, hollow), HasSubstr("cannot compare"));
  const std::string strange = R"({"schema": "knitting/1"})";
  EXPECT_THAT(refused(strange, strange), HasSubstr("does not know schema 'knitting/1'"));
}

}  // namespace
}  // namespace parley::report
