// SPDX-License-Identifier: Apache-2.0
#include "parley/report/matrix.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/hosts.hpp"

namespace parley::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char *kNasty = "a < b & \"c\" # d\n\x01";

matrix::Cell cell(const compat::AssessedHost &host, const char *name, matrix::Judgement judgement) {
  const auto target = compat::Target::of(level(name));
  matrix::Cell cell;
  cell.id = {matrix::host_id(host), target, matrix::Guest::kBuiltin, false};
  cell.observed = matrix::Observation{matrix::policy_of(compat::judge(target, host)), {}, {}, {}, {}};
  cell.judgement = std::move(judgement);
  return cell;
}

// One cell of each verdict that a host can give; the reason of the surprise has characters that every format must
// escape.
matrix::Report sample() {
  host::Facts facts = parley::testing::tree_only("power11-as-power10");
  facts.system.machine = "ppc64le";
  facts.system.kernel_release = "7.2.13";
  facts.kvm.pvr = PhysicalPvr{0x00821200};
  facts.kvm.access = host::KvmAccess::kHv;
  auto capabilities = host::assess(facts);
  const compat::AssessedHost host{std::move(facts), std::move(capabilities)};
  matrix::HostReport here{matrix::host_id(host), host, {"L0: an emulator"}, {}};
  here.cells = {cell(host, "power9", {matrix::Verdict::kWorks, "ran", std::nullopt}),
                cell(host, "power11", {matrix::Verdict::kRefused, "too high", std::nullopt}),
                cell(host, "power10", {matrix::Verdict::kSurprise, kNasty, matrix::Fact::kReadback}),
                cell(host, "power8", {matrix::Verdict::kNotApplicable, "no # such", std::nullopt})};
  auto &seen = here.cells.front().observed;
  seen->set = host::LevelTrial{LogicalPvr{0x0f000005}, host::TrialOutcome::kTaken, 0, LogicalPvr{0x0f000005}};
  seen->run = matrix::Run{matrix::RunOutcome::kEnded, "", ""};
  seen->negotiated = matrix::Negotiated{compat::Target::of(level("power9")), true, "power8, power9", ""};
  seen->seen = matrix::Seen{0x0f000005, PhysicalPvr{0x00821200}, "power9"};
  return {{here}};
}

// The sample, and a host that died, which also has a lost cell.
matrix::Report of_two_hosts() {
  matrix::Report report = sample();
  const matrix::HostId dead{"power10", "power10", "v1", "unfixed"};
  matrix::Cell error;
  error.id = {dead, compat::Target::of(level("power9")), matrix::Guest::kBuiltin, true};
  error.judgement = {matrix::Verdict::kError, "the host died", std::nullopt};
  error.log = {"Oops", "</script>"};
  matrix::Cell lost = error;
  lost.id.target = compat::Target::raw();
  lost.judgement = {matrix::Verdict::kLost, "no result", std::nullopt};
  lost.log.clear();
  report.hosts.push_back({dead, std::nullopt, {}, {error, lost}});
  return report;
}

constexpr const char *kHost = "host.power11.compat.power10";
constexpr const char *kDead = "host.power10.compat.power10.api.v1.kernel.unfixed";

TEST(MatrixReport, KnowsItsFormatsByName) {
  for (const std::string &name : matrix_format_names()) EXPECT_TRUE(matrix_format(name)) << name;
  EXPECT_FALSE(matrix_format("yaml"));
}

TEST(MatrixReport, CountsItsVerdictsInATableForPeople) {
  const std::string text = matrix(sample(), MatrixFormat::kText);
  EXPECT_THAT(text, HasSubstr("level power10, kernel 7.2.13\n"));
  EXPECT_THAT(text, HasSubstr("\n1 works\n1 refused as expected\n1 surprise\n1 not applicable\n"));
}

TEST(MatrixReport, IsTap13WithItsEvidenceAsComments) {
  const std::string text = matrix(sample(), MatrixFormat::kTap13);
  EXPECT_THAT(text, StartsWith("TAP version 13\n1..4\n# host: pseries"));
  EXPECT_THAT(text, HasSubstr(std::string("\nok 1 - ") + kHost + ".guest.power9\n"));
  EXPECT_THAT(text, HasSubstr(std::string("\nok 2 - ") + kHost + ".guest.power11\n"));
  EXPECT_THAT(text, HasSubstr(std::string("\nnot ok 3 - ") + kHost + ".guest.power10\n"));
  EXPECT_THAT(text, HasSubstr(std::string("\nok 4 - ") + kHost + ".guest.power8 # SKIP no   such\n"));
  EXPECT_THAT(text, HasSubstr("a < b & \"c\"   d"));
}

TEST(MatrixReport, IsKtapWithTheHostAsTheOuterTest) {
  const std::string text = matrix(sample(), MatrixFormat::kKtap);
  EXPECT_THAT(text, StartsWith(std::string("KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: ") + kHost +
                               "\n    1..4\n    # host: pseries"));
  EXPECT_THAT(text, HasSubstr(std::string("\n    not ok 3 ") + kHost + ".guest.power10\n"));
  EXPECT_THAT(text, HasSubstr(std::string("\nnot ok 1 ") + kHost + "\n"));
}

TEST(MatrixReport, IsJunitWithEverythingEscaped) {
  const std::string text = matrix(sample(), MatrixFormat::kJunit);
  EXPECT_THAT(text, HasSubstr("tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"1\""));
  EXPECT_THAT(text, HasSubstr("<failure message=\"a &lt; b &amp; &quot;c&quot; # d"));
  EXPECT_THAT(text, Not(HasSubstr("\x01")));
}

TEST(MatrixReport, IsOneLavaSignalPerCell) {
  EXPECT_EQ(matrix(sample(), MatrixFormat::kLava),
            "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=host.power11.compat.power10.guest.power9 RESULT=pass>\n"
            "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=host.power11.compat.power10.guest.power11 RESULT=pass>\n"
            "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=host.power11.compat.power10.guest.power10 RESULT=fail>\n"
            "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=host.power11.compat.power10.guest.power8 RESULT=skip>\n");
}

TEST(MatrixReport, IsTheSameAfterWritingAndReadingJson) {
  for (const matrix::Report &report : {sample(), of_two_hosts()}) {
    const std::string text = matrix(report, MatrixFormat::kJson);
    EXPECT_THAT(text, HasSubstr("\"schema\": \"parley-matrix/2\""));
    EXPECT_THAT(text, HasSubstr("\"schema\": \"parley-inspect/1\""));
    EXPECT_THAT(text, HasSubstr("\"disagrees\": \"readback\""));
    const auto read = read_matrix_json(text, "a file");
    ASSERT_TRUE(read) << read.error().why;
    EXPECT_EQ(matrix(*read, MatrixFormat::kJson), text);
  }
}

TEST(MatrixReport, RefusesMalformedJson) {
  const std::string good = matrix(sample(), MatrixFormat::kJson);
  const auto with = [&](std::string_view what, std::string_view instead) {
    std::string bad = good;
    return bad.replace(bad.find(what), what.size(), instead);
  };
  for (const std::string &bad : {std::string(), std::string("{}"), std::string("[1]"), good.substr(0, good.size() / 2),
                                 with("parley-matrix/2", "parley-matrix/1"), with("\"works\"", "\"wonders\""),
                                 with(".guest.power9", ".guest.banana"), with("\"taken\"", "7"),
                                 with("\"level\": \"power9\"", "\"level\": \"auto\""), std::string(1 << 20, '[')}) {
    const auto read = read_matrix_json(bad, "that file");
    ASSERT_FALSE(read) << bad;
    EXPECT_THAT(read.error().what, HasSubstr("that file"));
    EXPECT_NE(read.error().why, "");
  }
}

TEST(MatrixReport, ShowsErrorsAndLostCellsInEveryForm) {
  const matrix::Report report = of_two_hosts();
  const std::string text = matrix(report, MatrixFormat::kText);
  EXPECT_THAT(text,
              HasSubstr(std::string(kDead) + ".guest.power9.forced\n  verdict: error: the host died\n    | Oops\n"));
  EXPECT_THAT(text, HasSubstr("\n1 error\n1 lost\n"));
  EXPECT_THAT(text, HasSubstr("  power9.forced  "));  // not all cells are forced
  EXPECT_THAT(matrix(report, MatrixFormat::kTap13),
              HasSubstr(std::string("\nnot ok 5 - ") + kDead + ".guest.power9.forced\n"));
  EXPECT_THAT(matrix(report, MatrixFormat::kKtap), HasSubstr(std::string("\nnot ok 2 ") + kDead + "\n"));
  EXPECT_THAT(matrix(report, MatrixFormat::kJunit), HasSubstr("tests=\"6\" failures=\"1\" errors=\"2\" skipped=\"1\""));
  EXPECT_THAT(matrix(report, MatrixFormat::kJunit), HasSubstr("<error message=\"the host died\"/>"));
  EXPECT_THAT(matrix(report, MatrixFormat::kLava), HasSubstr(".guest.raw.forced RESULT=fail>\n"));
}

TEST(MatrixReport, PrintsTheSameEvidenceOnce) {
  matrix::Report report = of_two_hosts();
  auto &cells = report.hosts[1].cells;
  cells[1].judgement = cells[0].judgement;
  cells[1].log = cells[0].log;
  const std::string text = matrix(report, MatrixFormat::kText);
  EXPECT_THAT(text, HasSubstr(std::string(kDead) + ".guest.raw.forced: the same\n"));
  EXPECT_EQ(text.find("| Oops"), text.rfind("| Oops"));
}

TEST(MatrixReport, ShowsTheEvidenceOfASingleHost) {
  matrix::Report report{{of_two_hosts().hosts[1]}};
  EXPECT_THAT(matrix(report, MatrixFormat::kText), HasSubstr("    | Oops\n"));
}

TEST(MatrixReport, IsOneSelfContainedPageWhoseDataIsEscaped) {
  const std::string page = matrix(of_two_hosts(), MatrixFormat::kHtml);
  EXPECT_THAT(page, StartsWith("<!DOCTYPE html>"));
  const auto data = page.find("type=\"application/json\">");
  ASSERT_NE(data, page.npos);
  const auto end = page.find("</script>", data);
  EXPECT_THAT(page.substr(data, end - data), HasSubstr("\\u003c/script>"));
  EXPECT_THAT(page.substr(data, end - data), HasSubstr("\"comparison\":null"));
  for (const char *outside : {"http:", "https:", "src=", "@import", "url("}) EXPECT_THAT(page, Not(HasSubstr(outside)));
}

TEST(MatrixReport, ShowsTheChangesInTextAndHtml) {
  const Comparison since{
      "old.json", "new.json", {{"host.x", "verdict", "works", "surprise"}, {"host.y", "", "works", std::nullopt}}};
  EXPECT_THAT(matrix(sample(), MatrixFormat::kText, since),
              HasSubstr("host.x: verdict: works -> surprise\nhost.y: works -> (absent)\n2 changes since old.json\n"));
  EXPECT_THAT(matrix(sample(), MatrixFormat::kHtml, since), HasSubstr("\"before\":\"old.json\""));
}

}  // namespace
}  // namespace parley::report
