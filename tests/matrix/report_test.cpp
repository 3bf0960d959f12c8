// SPDX-License-Identifier: Apache-2.0
#include "parley/matrix/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::matrix {
namespace {

using compat::Target;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const HostId kOld{"power9", "power9", "", ""};
const HostId kNew{"power11", "power10", "", ""};

CellId cell(const HostId &host, const char *name) { return {host, Target::of(level(name)), Guest::kBuiltin, false}; }

// A result of one cell, as a worker writes it.
Report result(const CellId &id, Verdict verdict = Verdict::kWorks, const char *kernel = "7.2.13") {
  compat::AssessedHost host;
  host.facts.system.kernel_release = kernel;
  Cell done;
  done.id = id;
  done.observed = Observation{};
  done.judgement = {verdict, "a reason", std::nullopt};
  return {{HostReport{id.host, host, {"a note"}, {done}}}};
}

std::vector<std::string> names(const Report &report) {
  std::vector<std::string> names;
  for (const auto &host : report.hosts) {
    for (const auto &done : host.cells) names.push_back(name(done.id));
  }
  return names;
}

TEST(Plan, IsEveryLevelOnEveryHost) {
  const std::vector hosts{kOld, kNew};
  const std::vector levels{Target::of(level("power9")), Target::raw()};
  const auto cells = plan(hosts, levels, Guest::kLinux, true);
  ASSERT_EQ(cells.size(), 4u);
  EXPECT_EQ(name(cells[1]), "host.power9.compat.power9.guest.raw.linux.forced");
  EXPECT_EQ(name(cells[2]), "host.power11.compat.power10.guest.power9.linux.forced");
}

TEST(Merging, PutsResultsInTheOrderOfThePlan) {
  const std::vector planned{cell(kNew, "power9"), cell(kOld, "power9"), cell(kNew, "power10")};
  const std::vector results{result(planned[2]), result(planned[1]), result(planned[0])};
  const Merged merged = merge(planned, results, {});
  EXPECT_THAT(names(merged.report), ElementsAre(name(planned[0]), name(planned[2]), name(planned[1])));
  EXPECT_TRUE(as_expected(merged.report));
  EXPECT_THAT(merged.report.hosts[0].notes, ElementsAre("a note"));
  EXPECT_THAT(merged.unplanned, IsEmpty());
  EXPECT_THAT(merged.unplaced, IsEmpty());
}

TEST(Merging, ReportsAPlannedCellWithoutAResultAsLost) {
  const std::vector planned{cell(kNew, "power9"), cell(kNew, "power10")};
  const std::vector results{result(planned[1])};
  const Merged merged = merge(planned, results, {});
  ASSERT_EQ(merged.report.hosts.size(), 1u);
  EXPECT_EQ(merged.report.hosts[0].cells[0].judgement.verdict, Verdict::kLost);
  EXPECT_EQ(merged.report.hosts[0].cells[1].judgement.verdict, Verdict::kWorks);
  EXPECT_FALSE(as_expected(merged.report));
}

TEST(Merging, KeepsOneResultOfACellThatTwoWorkersRan) {
  const std::vector planned{cell(kNew, "power9"), cell(kNew, "power9")};
  const std::vector results{result(planned[0]), result(planned[0], Verdict::kSurprise)};
  const Merged merged = merge(planned, results, {});
  EXPECT_THAT(names(merged.report), ElementsAre(name(planned[0])));
  EXPECT_EQ(merged.report.hosts[0].cells[0].judgement.verdict, Verdict::kWorks);
}

TEST(Merging, GivesEachCellOfADeadHostTheHostsError) {
  const std::vector planned{cell(kNew, "power9"), cell(kNew, "power10"), cell(kOld, "power9")};
  const std::vector results{result(planned[2])};
  const Merged merged = merge(planned, results, {{name(kNew), "the host died\nOops\nBUG"}});
  for (const Cell &dead : merged.report.hosts[0].cells) {
    EXPECT_EQ(dead.judgement.verdict, Verdict::kError);
    EXPECT_EQ(dead.judgement.reason, "the host died");
    EXPECT_THAT(dead.log, ElementsAre("Oops", "BUG"));
  }
  EXPECT_TRUE(as_expected(merged.report.hosts[1]));
}

TEST(Merging, PrefersAResultToAnEarlierError) {
  const std::vector planned{cell(kNew, "power9")};
  const std::vector results{result(planned[0])};
  EXPECT_TRUE(as_expected(merge(planned, results, {{name(planned[0]), "the first try failed"}}).report));
}

TEST(Merging, IgnoresCellsWithoutAnObservation) {
  const std::vector planned{cell(kNew, "power9")};
  const Report earlier = merge(planned, {}, {}).report;
  const std::vector results{earlier, result(planned[0])};
  EXPECT_TRUE(as_expected(merge(planned, results, {}).report));
  const auto died = merge(planned, std::span(results).first(1), {{name(planned[0]), "it died"}}).report;
  EXPECT_EQ(died.hosts[0].cells[0].judgement.verdict, Verdict::kError);
}

TEST(Merging, ListsResultsAndErrorsOutsideThePlan) {
  const std::vector planned{cell(kNew, "power9")};
  const std::vector results{result(planned[0]), result(cell(kOld, "power9"))};
  const Merged merged =
      merge(planned, results, {{"host.power10.compat.power10", "it died"}, {name(kNew), "not this one"}});
  EXPECT_THAT(names(merged.report), ElementsAre(name(planned[0])));
  EXPECT_THAT(merged.unplanned, ElementsAre(name(cell(kOld, "power9"))));
  EXPECT_EQ(merged.unplaced, (Errors{{"host.power10.compat.power10", "it died"}}));
}

TEST(Merging, NotesThatCellsOfOneHostHadDifferentKernels) {
  const std::vector planned{cell(kNew, "power9"), cell(kNew, "power10")};
  const std::vector results{result(planned[0], Verdict::kWorks, "7.2.13"),
                            result(planned[1], Verdict::kWorks, "6.12.95")};
  const auto notes = merge(planned, results, {}).report.hosts[0].notes;
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_THAT(notes[1], HasSubstr("kernel 6.12.95 instead of 7.2.13"));
}

TEST(Results, ServeAsThePlanWhenThereIsNone) {
  const std::vector results{result(cell(kNew, "power9")), result(cell(kOld, "power9"))};
  const auto planned = planned_by(results);
  ASSERT_EQ(planned.size(), 2u);
  EXPECT_EQ(planned[1], cell(kOld, "power9"));
}

}  // namespace
}  // namespace parley::matrix
