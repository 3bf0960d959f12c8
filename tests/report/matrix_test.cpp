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

// One cell of each verdict; the surprise says things that no format may take literally.
matrix::Report sample() {
  host::Facts facts = parley::testing::tree_only("power11-as-power10");
  facts.system.machine = "ppc64le";
  facts.system.kernel_release = "7.2.13";
  facts.kvm.pvr = PhysicalPvr{0x00821200};
  facts.kvm.access = host::KvmAccess::kHv;
  auto capabilities = host::assess(facts);
  matrix::Report report{{std::move(facts), std::move(capabilities)}, {}};
  const auto add = [&](const char *name, matrix::Judgement judgement) {
    const auto target = compat::Target::of(level(name));
    matrix::Cell cell;
    cell.id = matrix::cell_id(report.host, target, false);
    cell.asked = target;
    cell.observed.policy = compat::judge(target, report.host);
    cell.judgement = std::move(judgement);
    report.cells.push_back(std::move(cell));
  };
  add("power9", {matrix::Verdict::kWorks, "ran", std::nullopt});
  add("power11", {matrix::Verdict::kRefused, "too high", std::nullopt});
  add("power10", {matrix::Verdict::kSurprise, "a < b & \"c\" # d\n\x01", matrix::Fact::kReadback});
  add("power8", {matrix::Verdict::kNotApplicable, "no # such", std::nullopt});
  return report;
}

constexpr const char *kHost = "host.power11.compat.power10";

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
  EXPECT_THAT(text, StartsWith("TAP version 13\n1..4\n# policy: legal"));
  EXPECT_THAT(text, HasSubstr(std::string("\nok 1 - ") + kHost + ".guest.power9\n"));
  EXPECT_THAT(text, HasSubstr(std::string("\nok 2 - ") + kHost + ".guest.power11\n"));
  EXPECT_THAT(text, HasSubstr(std::string("\nnot ok 3 - ") + kHost + ".guest.power10\n"));
  EXPECT_THAT(text, HasSubstr(std::string("\nok 4 - ") + kHost + ".guest.power8 # SKIP no   such\n"));
  EXPECT_THAT(text, HasSubstr("a < b & \"c\"   d"));
}

TEST(MatrixReport, IsKtapWithTheHostAsTheOuterTest) {
  const std::string text = matrix(sample(), MatrixFormat::kKtap);
  EXPECT_THAT(text, StartsWith(std::string("KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: ") + kHost +
                               ".kernel.7.2.13\n    1..4\n"));
  EXPECT_THAT(text, HasSubstr(std::string("\n    not ok 3 ") + kHost + ".guest.power10\n"));
  EXPECT_THAT(text, HasSubstr(std::string("\nnot ok 1 ") + kHost + ".kernel.7.2.13\n"));
}

TEST(MatrixReport, IsJunitWithEverythingEscaped) {
  const std::string text = matrix(sample(), MatrixFormat::kJunit);
  EXPECT_THAT(text, HasSubstr("tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"1\""));
  EXPECT_THAT(text, HasSubstr("<failure message=\"a &lt; b &amp; &quot;c&quot; # d"));
  EXPECT_THAT(text, Not(HasSubstr("\x01")));
}

TEST(MatrixReport, IsALineForLavaPerCell) {
  EXPECT_EQ(matrix(sample(), MatrixFormat::kLava),
            "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=host.power11.compat.power10.guest.power9 RESULT=pass>\n"
            "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=host.power11.compat.power10.guest.power11 RESULT=pass>\n"
            "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=host.power11.compat.power10.guest.power10 RESULT=fail>\n"
            "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=host.power11.compat.power10.guest.power8 RESULT=skip>\n");
}

TEST(MatrixReport, IsJsonWithTheHostAsInspectPrintsIt) {
  const std::string text = matrix(sample(), MatrixFormat::kJson);
  EXPECT_THAT(text, HasSubstr("\"schema\": \"parley-matrix/1\""));
  EXPECT_THAT(text, HasSubstr("\"schema\": \"parley-inspect/1\""));
  EXPECT_THAT(text, HasSubstr("\"disagrees\": \"readback\""));
}

}  // namespace
}  // namespace parley::report
