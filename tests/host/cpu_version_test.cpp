// SPDX-License-Identifier: Apache-2.0
#include "host/cpu_version.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hosts.hpp"

namespace parley::host {
namespace {

using parley::testing::cpu_node;
using parley::testing::partition;
using ::testing::HasSubstr;

struct Case {
  const char *name;
  std::vector<unsigned> bytes;
  const char *level;  // nullptr for none
  const char *doubt;  // nullptr for none
};

class OneCpuVersion : public ::testing::TestWithParam<Case> {};

TEST_P(OneCpuVersion, IsReadOrNamedForWhatItIs) {
  const Case &expected = GetParam();
  const CpuVersion version = read_cpu_version(cpu_node(expected.bytes));
  EXPECT_EQ(version.level, expected.level != nullptr ? Level::from_name(expected.level) : std::nullopt);
  ASSERT_EQ(version.doubt.has_value(), expected.doubt != nullptr);
  if (expected.doubt != nullptr) {
    EXPECT_EQ(version.doubt->id, expected.doubt);
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

TEST(CpuVersion, OfANodeWithoutOneIsMissing) {
  const CpuVersion version = read_cpu_version(CpuNode{"cpu@0", std::nullopt, 1});
  EXPECT_EQ(version.level, std::nullopt);
  EXPECT_EQ(version.doubt->id, "cpu-version-missing");
  EXPECT_THAT(version.doubt->sentence, HasSubstr("cpu@0"));
}

TEST(CpuVersions, ThatDisagreeGiveTheLowestAndSaySo) {
  const auto all = read_cpu_versions(
      partition({cpu_node({0x0f, 0, 0, 7}), cpu_node({0x0f, 0, 0, 5}), cpu_node({0x0f, 0, 0, 6})}).tree);
  EXPECT_EQ(all.level, level("power9"));
  ASSERT_EQ(all.doubts.size(), 1u);
  EXPECT_EQ(all.doubts[0].id, "cpu-nodes-disagree");
  EXPECT_EQ(all.groups.size(), 3u);
}

TEST(CpuVersions, OneOfWhichIsBrokenGiveTheOthersAndSaySo) {
  const auto all = read_cpu_versions(partition({cpu_node({0x0f}), cpu_node({0x0f, 0, 0, 6})}).tree);
  EXPECT_EQ(all.level, level("power10"));
  EXPECT_EQ(all.doubts.size(), 2u);
}

TEST(CpuVersions, SayTheSameDoubtOnceForManyNodes) {
  const auto all = read_cpu_versions(partition(std::vector(100, cpu_node({0x0f, 0, 0, 8}))).tree);
  EXPECT_EQ(all.doubts.size(), 1u);
  ASSERT_EQ(all.groups.size(), 1u);
  EXPECT_EQ(all.groups[0].nodes, 100u);
}

TEST(CpuVersions, OfATreeWithoutCpuNodesAreNamedSo) {
  const auto all = read_cpu_versions(partition({}).tree);
  EXPECT_EQ(all.level, std::nullopt);
  EXPECT_EQ(all.doubts.at(0).id, "no-cpu-nodes");
}

TEST(CpuVersions, OfAnUnreadableTreeAreNamedSo) {
  TreeFacts tree;
  tree.problem = "/proc/device-tree: EACCES";
  const auto all = read_cpu_versions(tree);
  EXPECT_EQ(all.doubts.at(0).id, "device-tree-unreadable");
  EXPECT_THAT(all.doubts.at(0).sentence, HasSubstr("EACCES"));
}

}  // namespace
}  // namespace parley::host
