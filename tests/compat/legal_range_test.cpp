// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/hosts.hpp"
#include "parley/compat/decide.hpp"

namespace parley::compat {
namespace {

using ::testing::HasSubstr;

AssessedHost host_of(host::Facts facts) {
  auto capabilities = host::assess(facts);
  return {std::move(facts), std::move(capabilities)};
}

TEST(LegalRange, IsPower9ToTheHostsLevelOnALimitedPartition) {
  const LegalRange range = legal_range(host_of(parley::testing::tree_only("power11-as-power10")));
  EXPECT_EQ(range.lowest, level("power9"));
  EXPECT_EQ(range.highest, level("power10"));
  EXPECT_EQ(describe(range), "legal here: power9 to power10");
  EXPECT_THAT(range.highest_reason, HasSubstr("requested power11"));
  EXPECT_THAT(range.lowest_reason, HasSubstr("radix-only"));
}

TEST(LegalRange, IsOneLevelOnAPower9Partition) {
  EXPECT_EQ(describe(legal_range(host_of(parley::testing::tree_only("power9")))),
            "the only legal level here is power9");
}

AssessedHost power7_host() { return host_of(parley::testing::partition({parley::testing::cpu_node({0x0f, 0, 0, 3})})); }

// Levels above the host's are illegal for another reason.
TEST(LegalRange, GivesTheReasonOfTheHostsOwnLevelWhenNoLevelIsLegal) {
  const LegalRange range = legal_range(power7_host());
  EXPECT_EQ(range.highest, std::nullopt);
  EXPECT_EQ(describe(range),
            "no level is legal here: guests of a partition are radix-only, and power7 has only the hash MMU");
  EXPECT_EQ(judge(Target::of(level("power9")), power7_host()).steps.back().rule->name, "not-above-host");
}

TEST(LegalRange, IsEmptyWithAReasonOnAnUnknownHost) {
  EXPECT_EQ(describe(legal_range(host_of(parley::testing::partition({})))),
            "no level is legal here: no source gives a level");
}

TEST(Rules, HaveDifferentNames) {
  std::vector<std::string_view> names;
  for (const Rule &rule : rules()) names.push_back(rule.name);
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

}  // namespace
}  // namespace parley::compat
