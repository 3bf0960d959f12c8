// SPDX-License-Identifier: Apache-2.0
#include "parley/host/level_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "hosts.hpp"

namespace parley::host {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

LevelWatch watch(const TreeFacts &tree) { return *std::move(LevelWatch::open(tree)).value(); }

// A folder like /proc/device-tree, with two cpu nodes.
class ALevelWatch : public ::testing::Test {
 protected:
  ALevelWatch() {
    for (const char *node : kNodes) write(node, "\x0f\0\0\x06");
  }
  ~ALevelWatch() override { std::filesystem::remove_all(folder_); }

  static constexpr const char *kNodes[] = {"PowerPC,POWER11@0", "PowerPC,POWER11@8"};

  template <std::size_t size>
  void write(const std::string &node, const char (&value)[size]) {
    const auto path = folder_ / "cpus" / node;
    std::filesystem::create_directories(path);
    // The kernel also replaces the file.
    std::filesystem::remove(path / "cpu-version");
    std::ofstream(path / "cpu-version", std::ios::binary).write(value, size - 1);
    std::ofstream(path / "device_type", std::ios::binary).write("cpu", 4);
  }
  TreeFacts tree() const { return load_tree_folder(folder_).value(); }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("parley-watch-" + std::to_string(::getpid()));
};

TEST_F(ALevelWatch, GivesTheSameNodesWithoutAChange) {
  const TreeFacts before = tree();
  EXPECT_EQ(watch(before).look().value(), before.cpus);
}

TEST_F(ALevelWatch, SeesTheNewValueOfAReplacedProperty) {
  const LevelWatch watching = watch(tree());
  for (const char *node : kNodes) write(node, "\x0f\0\0\x05");
  EXPECT_EQ(watching.look().value(), tree().cpus);
  EXPECT_EQ(watching.look().value()[1].cpu_version, parley::testing::cpu_node({0x0f, 0, 0, 5}).cpu_version);
}

TEST_F(ALevelWatch, SeesAChangedLength) {
  const LevelWatch watching = watch(tree());
  write(kNodes[0], "\x0f\0");
  EXPECT_EQ(watching.look().value()[0].cpu_version->size(), 2u);
  write(kNodes[0], "123456789");
  EXPECT_EQ(watching.look().value()[0].cpu_version->size(), 9u);
}

TEST_F(ALevelWatch, LeavesOutNodesThatAreGone) {
  const LevelWatch watching = watch(tree());
  std::filesystem::remove_all(folder_ / "cpus" / kNodes[0]);
  EXPECT_THAT(watching.look().value(), ElementsAre(::testing::Field(&CpuNode::name, kNodes[1])));
  std::filesystem::remove_all(folder_ / "cpus");
  EXPECT_THAT(watching.look().value(), IsEmpty());
}

TEST_F(ALevelWatch, IsNoneWithoutAFolder) {
  EXPECT_FALSE(*LevelWatch::open(TreeFacts{}));
  EXPECT_FALSE(*LevelWatch::open(parley::testing::tree_only("power10").tree)) << "a blob has no folder";
}

}  // namespace
}  // namespace parley::host
