// SPDX-License-Identifier: Apache-2.0
#include "parley/fdt/live_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::fdt {
namespace {

using ::testing::ElementsAre;

constexpr Phandle kNoNode{0x7777};
constexpr std::uint32_t kGiven = 5;  // a phandle in the tree

Node sample() {
  Node root;
  root.set_text("model", "sample");
  Node &cpus = root.add("cpus");
  cpus.set_cells("#address-cells", {1});
  cpus.add("PowerPC,POWER10@0").set_cells("reg", {0});
  cpus.add("PowerPC,POWER10@8").set_cells("reg", {8});
  Node &controller = root.add("interrupt-controller");
  controller.set_cells("phandle", {kGiven});
  controller.set_empty("interrupt-controller");
  root.add("vdevice").add("vty@71000000").set_text("device_type", "serial");
  return root;
}

Bytes text(std::string_view value) {
  const auto bytes = std::as_bytes(std::span(value));
  return {bytes.begin(), bytes.end()};
}

class LiveTreeTest : public ::testing::Test {
 protected:
  Phandle at(std::string_view path) const { return tree_.find(path).value(); }
  std::optional<Bytes> property(std::string_view path, std::string_view name) const {
    const auto value = tree_.property(at(path), name);
    return value ? std::optional(Bytes(value->begin(), value->end())) : std::nullopt;
  }

  LiveTree tree_{sample()};
};

TEST_F(LiveTreeTest, FindsNodesByTheirPathsAndKeepsGivenPhandles) {
  EXPECT_EQ(at("/interrupt-controller"), Phandle{kGiven});
  EXPECT_NE(at("/"), at("/cpus"));
  EXPECT_EQ(at("/vdevice/vty"), at("/vdevice/vty@71000000")) << "the unit address may be omitted";
  EXPECT_EQ(at("/cpus/"), at("/cpus"));
  for (const char *path : {"", "cpus", "/cpu", "/cpus/PowerPC,POWER10@1", "/vdevice/vty@7100000", "/cpus/reg", "/ "})
    EXPECT_EQ(tree_.find(path), std::nullopt) << path;
}

TEST_F(LiveTreeTest, IsWalkedInTheOrderOfItsNodes) {
  std::vector<std::string> paths;
  const auto walk = [&](const auto &self, std::optional<Phandle> node) -> void {
    for (; node; node = tree_.next_sibling(*node)) {
      paths.push_back(tree_.path(*node).value());
      const auto child = tree_.first_child(*node);
      EXPECT_EQ(child ? tree_.parent(*child) : node, node);
      self(self, child);
    }
  };
  walk(walk, at("/"));
  EXPECT_THAT(paths, ElementsAre("/", "/cpus", "/cpus/PowerPC,POWER10@0", "/cpus/PowerPC,POWER10@8",
                                 "/interrupt-controller", "/vdevice", "/vdevice/vty@71000000"));
  EXPECT_EQ(tree_.parent(at("/")), std::nullopt);
}

TEST_F(LiveTreeTest, NamesNodesWithoutTheirUnitAddresses) {
  EXPECT_EQ(tree_.name(at("/cpus/PowerPC,POWER10@8")), "PowerPC,POWER10");
  EXPECT_EQ(tree_.name(at("/cpus")), "cpus");
  EXPECT_EQ(tree_.name(at("/")), "");
}

TEST_F(LiveTreeTest, ReturnsNothingForAnUnknownNode) {
  for (const Phandle node : {kNoNode, Phandle{0}, Phandle{0xffffffff}}) {
    EXPECT_EQ(tree_.parent(node), std::nullopt);
    EXPECT_EQ(tree_.first_child(node), std::nullopt);
    EXPECT_EQ(tree_.next_sibling(node), std::nullopt);
    EXPECT_EQ(tree_.path(node), std::nullopt);
    EXPECT_EQ(tree_.name(node), std::nullopt);
    EXPECT_FALSE(tree_.property(node, "reg"));
    EXPECT_EQ(tree_.next_property(node, ""), std::nullopt);
    EXPECT_FALSE(tree_.set_property(node, "reg", {}));
  }
}

TEST_F(LiveTreeTest, EnumeratesThePropertiesOfANode) {
  const Phandle controller = at("/interrupt-controller");
  EXPECT_EQ(tree_.next_property(controller, ""), "phandle");
  EXPECT_EQ(tree_.next_property(controller, "phandle"), "interrupt-controller");
  EXPECT_EQ(tree_.next_property(controller, "interrupt-controller"), "");
  EXPECT_EQ(tree_.next_property(controller, "interrupt"), std::nullopt);
  EXPECT_EQ(property("/interrupt-controller", "interrupt-controller"), Bytes()) << "an empty property exists";
  EXPECT_EQ(property("/interrupt-controller", "interrupt"), std::nullopt);
}

TEST_F(LiveTreeTest, ChangesAndAddsPropertiesAndKeepsAllPhandles) {
  const auto console = at("/vdevice/vty");
  ASSERT_TRUE(tree_.set_property(at("/"), "model", text("a much longer name than it had")));
  ASSERT_TRUE(tree_.set_property(at("/cpus"), "new", text("x")));
  ASSERT_TRUE(tree_.set_property(at("/cpus"), "empty", {}));
  EXPECT_EQ(property("/", "model"), text("a much longer name than it had"));
  EXPECT_EQ(property("/cpus", "new"), text("x"));
  EXPECT_EQ(property("/cpus", "empty"), Bytes());
  EXPECT_EQ(at("/vdevice/vty"), console);
  EXPECT_EQ(property("/vdevice/vty", "device_type"), text(std::string_view("serial\0", 7)));
}

TEST_F(LiveTreeTest, DoesNotChangeAPhandle) {
  Bytes cell(4);
  store_be(std::span(cell), at("/cpus/PowerPC,POWER10@0").value);
  EXPECT_FALSE(tree_.set_property(at("/cpus/PowerPC,POWER10@8"), "phandle", cell));
  EXPECT_NE(at("/cpus/PowerPC,POWER10@8"), at("/cpus/PowerPC,POWER10@0"));
}

TEST_F(LiveTreeTest, GrowsUpToItsLimitAndStaysIntact) {
  std::size_t grown = 0;
  for (int i = 0; tree_.set_property(at("/"), "p" + std::to_string(i), Bytes(1000, std::byte{1})); ++i) grown += 1000;
  EXPECT_GT(grown, LiveTree::kGrowth * 9 / 10);
  EXPECT_LE(grown, LiveTree::kGrowth);
  EXPECT_FALSE(tree_.set_property(at("/cpus"), "reg", Bytes(LiveTree::kGrowth)));
  EXPECT_EQ(property("/", "p0"), Bytes(1000, std::byte{1}));
  EXPECT_TRUE(tree_.set_property(at("/"), "p0", Bytes(999))) << "a shorter value always fits";
}

TEST_F(LiveTreeTest, BecomesABlobWithItsChanges) {
  ASSERT_TRUE(tree_.set_property(at("/"), "model", text("changed")));
  const Bytes blob = tree_.blob();
  EXPECT_LT(blob.size(), LiveTree::kGrowth) << "without the spare bytes";
  const auto again = parse_blob(blob);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->text("model"), "changed");
  EXPECT_EQ(again->child("vdevice")->child("vty@71000000")->text("device_type"), "serial");
  EXPECT_TRUE(tree_.set_property(at("/"), "model", text("still alive")));
}

}  // namespace
}  // namespace parley::fdt
