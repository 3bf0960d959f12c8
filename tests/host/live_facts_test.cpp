// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "host/level_name.hpp"
#include "hosts.hpp"

namespace parley::host {
namespace {

TEST(Cpuinfo, GivesTheCpuLineAndThePvr) {
  SystemFacts system;
  parse_cpuinfo(
      "processor\t: 0\ncpu\t\t: POWER10 (architected), altivec supported\nrevision\t: 18.0 (pvr 0082 "
      "1200)\n\nprocessor\t: 1\ncpu\t\t: other\n",
      system);
  EXPECT_EQ(system.cpuinfo_cpu, "POWER10 (architected), altivec supported");
  EXPECT_EQ(system.cpuinfo_pvr, PhysicalPvr{0x00821200});
}

TEST(Cpuinfo, GivesNeitherWhenTheLinesAreAbsent) {
  SystemFacts system;
  parse_cpuinfo("nonsense\nrevision : 1.0\n:\n", system);
  EXPECT_EQ(system.cpuinfo_cpu, std::nullopt);
  EXPECT_EQ(system.cpuinfo_pvr, std::nullopt);
}

struct Named {
  const char *text;
  const char *level;
  bool newer;
};

class LevelInName : public ::testing::TestWithParam<Named> {};

TEST_P(LevelInName, IsTheLevelOfTheFirstWord) {
  const NamedLevel found = level_in_name(GetParam().text);
  EXPECT_EQ(found.level, GetParam().level != nullptr ? Level::from_name(GetParam().level) : std::nullopt);
  EXPECT_EQ(found.newer, GetParam().newer);
}

INSTANTIATE_TEST_SUITE_P(Names, LevelInName,
                         ::testing::Values(Named{"power10", "power10", false}, Named{"Power11 (raw)", "power11", false},
                                           Named{"POWER9, altivec supported", "power9", false},
                                           Named{"POWER8NVL (raw), altivec supported", "power8", false},
                                           Named{"power7+", "power7+", false}, Named{"power12", "power11", true},
                                           Named{"POWER4 (gp)", nullptr, false}, Named{"power", nullptr, false},
                                           Named{"powerful", nullptr, false}, Named{"", nullptr, false},
                                           Named{"PPC970", nullptr, false}));

TEST(TreeFacts, GiveTheErrorOfLibfdtForAFileThatIsNotATree) {
  const auto facts = load_tree_facts(__FILE__);
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().problem, "FDT_ERR_BADMAGIC");
}

TEST(TreeFacts, GiveTheErrnoOfAMissingFile) {
  const auto facts = load_tree_facts("/nonexistent/host.dtb");
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().problem, "ENOENT (No such file or directory)");
}

TEST(TreeFacts, CountTheThreadsOfACore) {
  const auto facts = parley::testing::tree_only("power9");
  ASSERT_EQ(facts.tree.cpus.size(), 1u);
  EXPECT_EQ(facts.tree.cpus[0].threads, 1u);
  EXPECT_EQ(facts.tree.timebase_frequency, 512'000'000u);
}

}  // namespace
}  // namespace parley::host
