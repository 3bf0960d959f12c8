// SPDX-License-Identifier: Apache-2.0
#include "host/cpu_version.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hosts.hpp"
#include "parley/host/capabilities.hpp"

namespace parley::host {
namespace {

using parley::testing::cpu_node;
using parley::testing::partition;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

struct Case {
  const char *name;
  std::vector<unsigned> bytes;
  const char *level;  // nullptr for none
  const char *doubt;  // nullptr for none
};

class OneCpuVersion : public ::testing::TestWithParam<Case> {};

std::vector<Doubt> doubts_about(std::vector<CpuNode> nodes) { return assess(partition(std::move(nodes))).doubts; }

TEST_P(OneCpuVersion, GivesItsLevelOrItsDoubt) {
  const Case &expected = GetParam();
  const CpuNode node = cpu_node(expected.bytes);
  EXPECT_EQ(read_cpu_version(node).level, expected.level != nullptr ? Level::from_name(expected.level) : std::nullopt);
  const auto doubts = doubts_about({node});
  ASSERT_EQ(doubts.size(), expected.doubt != nullptr ? 1u : 0u);
  if (expected.doubt != nullptr) {
    EXPECT_EQ(doubts[0].id, expected.doubt);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Bytes, OneCpuVersion,
    ::testing::Values(Case{"Logical", {0x0f, 0, 0, 6}, "power10", nullptr},
                      Case{"LogicalOfPower7Plus", {0x0f, 0x10, 0, 3}, "power7+", nullptr},
                      Case{"Physical", {0, 0x82, 0x12, 0}, "power11", nullptr},
                      Case{"NextLevel", {0x0f, 0, 0, 8}, "power11", "cpu-version-newer-than-known"},
                      Case{"FarFutureLevel", {0x0f, 0, 1, 0}, "power11", "cpu-version-newer-than-known"},
                      Case{"LevelBelowAll", {0x0f, 0, 0, 1}, nullptr, "cpu-version-not-a-level"},
                      Case{"InvalidMark", {0xff, 0xff, 0xff, 0xff}, nullptr, "cpu-version-not-a-level"},
                      Case{"Garbage", {0xde, 0xad, 0xbe, 0xef}, nullptr, "cpu-version-not-a-level"},
                      Case{"Zero", {0, 0, 0, 0}, nullptr, "cpu-version-not-a-level"},
                      Case{"Short", {0x0f, 0}, nullptr, "cpu-version-bad-length"},
                      Case{"Odd", {0x0f, 0, 0, 6, 0}, nullptr, "cpu-version-bad-length"},
                      Case{"Empty", {}, nullptr, "cpu-version-bad-length"}),
    [](const auto &cell) { return cell.param.name; });

TEST(CpuVersion, IsReportedWhenItIsMissing) {
  const CpuNode node{"cpu@0", std::nullopt, 1};
  EXPECT_EQ(read_cpu_version(node).answer, Answer::kAbsent);
  const auto doubts = doubts_about({node});
  EXPECT_EQ(doubts.at(0).id, "cpu-version-missing");
  EXPECT_THAT(doubts.at(0).sentence, HasSubstr("cpu@0"));
}

TEST(CpuVersions, GiveTheLowestLevelAndADoubtWhenTheyDisagree) {
  const Capabilities host =
      assess(partition({cpu_node({0x0f, 0, 0, 7}), cpu_node({0x0f, 0, 0, 5}), cpu_node({0x0f, 0, 0, 6})}));
  EXPECT_EQ(host.level, level("power9"));
  EXPECT_THAT(host.doubts, ElementsAre(Field(&Doubt::id, "cpu-nodes-disagree")));
}

TEST(CpuVersions, GiveTheUsableLevelAndADoubtWhenOneIsBroken) {
  const Capabilities host = assess(partition({cpu_node({0x0f}), cpu_node({0x0f, 0, 0, 6})}));
  EXPECT_EQ(host.level, level("power10"));
  EXPECT_THAT(host.doubts,
              ElementsAre(Field(&Doubt::id, "cpu-version-bad-length"), Field(&Doubt::id, "cpu-nodes-disagree")));
}

TEST(CpuVersions, PreferTheLogicalPvrOfTwoNodesWithOneLevel) {
  EXPECT_TRUE(assess(partition({cpu_node({0, 0x80, 0x12, 0}), cpu_node({0x0f, 0, 0, 6})})).compat_mode);
}

TEST(CpuVersions, AreOneReadingAndOneDoubtForManyEqualNodes) {
  const Facts facts = partition(std::vector(100, cpu_node({0x0f, 0, 0, 8})));
  const auto readings = read_cpu_versions(facts.tree);
  ASSERT_EQ(readings.size(), 1u);
  EXPECT_EQ(readings[0].nodes, 100u);
  EXPECT_EQ(readings[0].says, "0x0f000008 (100 nodes)");
  EXPECT_EQ(doubts_about(facts.tree.cpus).size(), 1u);
}

TEST(CpuVersions, AreAbsentInATreeWithoutCpuNodes) {
  const auto readings = read_cpu_versions(partition({}).tree);
  ASSERT_EQ(readings.size(), 1u);
  EXPECT_EQ(readings[0].answer, Answer::kAbsent);
  EXPECT_EQ(doubts_about({}).at(0).id, "no-cpu-nodes");
}

TEST(CpuVersions, AreUnreadableInAnUnreadableTree) {
  Facts facts = partition({});
  facts.tree.problem = "/proc/device-tree: EACCES";
  EXPECT_EQ(read_cpu_versions(facts.tree).at(0).answer, Answer::kUnreadable);
  const auto doubts = assess(facts).doubts;
  EXPECT_EQ(doubts.at(0).id, "device-tree-unreadable");
  EXPECT_THAT(doubts.at(0).sentence, HasSubstr("EACCES"));
}

}  // namespace
}  // namespace parley::host
