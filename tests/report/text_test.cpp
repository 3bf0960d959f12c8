// SPDX-License-Identifier: Apache-2.0
#include "parley/report/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/hosts.hpp"

namespace parley::report {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

compat::AssessedHost host_of(host::Facts facts) {
  auto capabilities = host::assess(facts);
  return {std::move(facts), std::move(capabilities)};
}

TEST(InspectText, NamesTheReasonOnceWhenNoLevelIsLegal) {
  host::Facts facts = parley::testing::partition({parley::testing::cpu_node({0x0f, 0, 0, 3})});
  auto capabilities = host::assess(facts);
  const std::string text = inspect_text({std::move(facts), std::move(capabilities)});
  EXPECT_THAT(text, HasSubstr("legal levels          none: guests of a partition are radix-only, and power7 has"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("highest legal")));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("power11")));
}

TEST(InspectText, ShowsTheVerdictWithItsReasons) {
  const std::string text = inspect_text(host_of(parley::testing::tree_only("power11-as-power10")));
  EXPECT_THAT(text, HasSubstr("effective level       power10 (0x0f000006): cpu-version 0x0f000006"));
  EXPECT_THAT(text, HasSubstr("highest legal         power10 (0x0f000006): requested power11"));
  EXPECT_THAT(text, HasSubstr("lowest legal          power9 (0x0f000005): guests of a partition are radix-only"));
}

TEST(InspectText, ShowsEveryDoubt) {
  const std::string text = inspect_text(host_of(parley::testing::partition({parley::testing::cpu_node({0x0f})})));
  EXPECT_THAT(
      text,
      HasSubstr("doubt: cpu node PowerPC,POWER10@0: cpu-version has 1 bytes instead of 4 (cpu-version-bad-length)"));
}

TEST(TrailText, ShowsEveryRuleUpToTheRefusingOne) {
  const auto host = host_of(parley::testing::tree_only("power11-as-power10"));
  const auto refusal = compat::decide({compat::parse_wish("power11").value(), false, false}, host).error();
  const std::string text = trail_text(refusal.trail);
  EXPECT_THAT(text, HasSubstr("power11 (0x0f000007): refused by not-above-host\n"));
  EXPECT_THAT(text, HasSubstr("  passes     known-level"));
  EXPECT_THAT(text, HasSubstr("  REFUSED    not-above-host"));
  EXPECT_THAT(text, Not(HasSubstr("nested-floor"))) << "rules after the refusal are not evaluated";
}

TEST(Explain, NamesTheRequestedMmu) {
  auto host = host_of(parley::testing::tree_only("power11-as-power10"));
  host.facts.kvm.access = host::KvmAccess::kHv;
  host = host_of(host.facts);
  host.mmu = compat::MmuWish::kHash;
  const Failure failure = explain(compat::decide({}, host).error(), host);
  EXPECT_THAT(failure.what, HasSubstr("power10 (0x0f000006) with the hash MMU is refused on this host"));
  EXPECT_EQ(failure.why, "mmu-offered: hash was requested, and guests of a partition are radix-only");
  EXPECT_EQ(failure.what_to_do, "leave --mmu out; parley inspect shows the evidence");
}

TEST(Explain, NamesTheRuleTheEvidenceAndWhatIsLegal) {
  const auto host = host_of(parley::testing::tree_only("power11-as-power10"));
  const auto refusal = compat::decide({compat::parse_wish("power11").value(), false, false}, host).error();
  const Failure failure = explain(refusal, host);
  EXPECT_THAT(failure.what, HasSubstr("power11 (0x0f000007) is refused on this host"));
  EXPECT_EQ(
      failure.why,
      "not-above-host: requested power11 (0x0f000007), the host has power10 (0x0f000006) by cpu-version 0x0f000006");
  EXPECT_THAT(failure.what_to_do, HasSubstr("legal here: power9 to power10"));
}

TEST(FailureText, HasAtMostThreeLines) {
  EXPECT_EQ(failure_text({"a", "b", "c"}), "a\n  why: b\n  do:  c\n");
  EXPECT_EQ(failure_text({"a", "", ""}), "a\n");
}

}  // namespace
}  // namespace parley::report
