// SPDX-License-Identifier: Apache-2.0
//
// Tests the client interface's services for the device tree.
#include "client_interface.hpp"

namespace parley::papr {
namespace {

class ClientTreeTest : public ClientInterfaceTest {};

// A line for each node and each property below `node`.
std::vector<std::string> lines(const fdt::Node &node, const std::string &path = "") {
  std::vector<std::string> result{path + "/"};
  for (const auto &property : node.properties) {
    result.push_back(path + "/ " + property.name + "=");
    for (const std::byte byte : property.value) result.back() += " " + std::to_string(std::to_integer<int>(byte));
  }
  for (const auto &child : node.children) {
    const auto below = lines(child, path + "/" + child.name);
    result.insert(result.end(), below.begin(), below.end());
  }
  return result;
}

class TreeWalk : public ClientInterfaceTest {
 protected:
  // Reads the tree below a node with calls only, like prom_init.c:scan_dt_build_struct.
  fdt::Node walk(std::uint32_t phandle) {
    const std::uint32_t length = call("package-to-path", {phandle, kBuffer, kBufferSize});
    const std::string path = text_at(kBuffer);
    EXPECT_EQ(length, path.size() + 1);
    EXPECT_EQ(node(path), phandle);
    fdt::Node found{path.substr(path.rfind('/') + 1), {}, {}};
    std::string name;
    while (call("nextprop", {phandle, text1(name), kBuffer}) == 1) {
      name = text_at(kBuffer);
      found.properties.push_back({name, property(phandle, name).value()});
    }
    EXPECT_EQ(text_at(kBuffer), "") << "after the last property";
    for (auto child = call("child", {phandle}); child != 0; child = call("peer", {child})) {
      EXPECT_EQ(call("parent", {child}), phandle);
      found.children.push_back(walk(child));
    }
    return found;
  }
};

// Removes the properties that the firmware adds to the given tree.
void remove_additions(fdt::Node &node) {
  std::erase_if(node.properties, [](const fdt::Property &property) {
    return property.name == "phandle" || property.name == "stdout" || property.name == "stdin";
  });
  for (fdt::Node &child : node.children) remove_additions(child);
}

TEST_F(TreeWalk, FindsTheWholeGuestTree) {
  fdt::Node expected = parley::testing::reference_tree();
  remove_additions(expected);
  fdt::Node found = walk(call("peer", {0}));
  remove_additions(found);
  EXPECT_EQ(lines(found), lines(expected));
}

TEST_F(TreeWalk, FindsThePropertiesThatTheGuestSet) {
  put_text(kBuffer, "/vdevice/vty@71000000");
  EXPECT_EQ(call("setprop", {node("/chosen"), text1("linux,stdout-path"), kBuffer, 22}), 22u);
  EXPECT_EQ(call("setprop", {node("/rtas"), text1("linux,rtas-entry"), kBuffer, 4}), 4u);
  const fdt::Node found = walk(call("peer", {0}));
  EXPECT_EQ(found.child("chosen")->text("linux,stdout-path"), "/vdevice/vty@71000000");
  EXPECT_EQ(found.child("rtas")->property("linux,rtas-entry")->value.size(), 4u);
  EXPECT_EQ(found.children.size(), parley::testing::reference_tree().children.size());
}

TEST_F(ClientTreeTest, TheRootHasNeitherParentNorPeer) {
  const std::uint32_t root = node("/");
  EXPECT_EQ(call("peer", {0}), root);
  EXPECT_EQ(call("peer", {root}), 0u);
  EXPECT_EQ(call("parent", {root}), 0u);
}

TEST_F(ClientTreeTest, GetpropFillsTheBufferAndReturnsTheFullLength) {
  put_text(kBuffer, "????????");
  EXPECT_EQ(call("getprop", {node("/cpus/PowerPC,POWER11@1"), text1("device_type"), kBuffer, 2}), 4u);
  EXPECT_EQ(text_at(kBuffer), "cp??????");
  EXPECT_EQ(call("getprop", {node("/"), text1("device_type"), kRamSize, 0}), 5u)
      << "an empty buffer asks for the length only";
}

TEST_F(ClientTreeTest, AnEmptyPropertyDiffersFromAMissingOne) {
  EXPECT_EQ(property(node("/interrupt-controller"), "interrupt-controller"), Bytes());
  EXPECT_EQ(property(node("/interrupt-controller"), "interrupt-parent"), std::nullopt);
}

TEST_F(ClientTreeTest, TheNameIsAProperty) {
  const Bytes name = property(node("/vdevice/vty@71000000"), "name").value();
  EXPECT_THAT(name, ElementsAre(std::byte{'v'}, std::byte{'t'}, std::byte{'y'}, std::byte{0}));
}

TEST_F(ClientTreeTest, PathsAreCutAtTheEndOfTheBuffer) {
  put_text(kBuffer, "???????????");
  EXPECT_EQ(call("package-to-path", {node("/vdevice/vty"), kBuffer, 8}), 22u);
  EXPECT_EQ(text_at(kBuffer), "/vdevice???");
}

TEST_F(ClientTreeTest, SetpropLimitsNamesAndValues) {
  const std::uint32_t chosen = node("/chosen");
  EXPECT_EQ(call("setprop", {chosen, text1(std::string(64, 'n')), kBuffer, 2048}), 2048u);
  EXPECT_EQ(call("setprop", {chosen, text1(std::string(65, 'n')), kBuffer, 1}), kError);
  EXPECT_EQ(call("setprop", {chosen, text1("large"), kBuffer, 2049}), kError);
  EXPECT_EQ(call("setprop", {chosen, text1("large"), kBuffer, 0xffffffff}), kError);
  EXPECT_EQ(call("setprop", {chosen, text1(""), kBuffer, 1}), kError);
  EXPECT_EQ(call("setprop", {chosen, text1("flag"), kBuffer, 0}), 0u);
  EXPECT_EQ(property(chosen, "large"), std::nullopt);
  EXPECT_EQ(property(chosen, "flag"), Bytes());
}

TEST_F(ClientTreeTest, SetpropRefusesReservedNames) {
  const std::uint32_t chosen = node("/chosen");
  for (const char *name : {"phandle", "cpu-version", "ibm,pa-features", "ibm,architecture-vec-5"})
    EXPECT_EQ(call("setprop", {chosen, text1(name), kBuffer, 4}), kError) << name;
  EXPECT_EQ(node("/chosen"), chosen) << "its phandle is unchanged";
}

TEST_F(ClientTreeTest, SetpropKeepsRoomInTheTreeForANegotiation) {
  const std::uint32_t chosen = node("/chosen");
  int added = 0;
  while (added < 1000 && call("setprop", {chosen, text1("p" + std::to_string(added)), kBuffer, 2048}) == 2048) ++added;
  EXPECT_EQ(added, 29) << "60 KiB; the rest is reserved for a negotiation";
  EXPECT_NE(property(chosen, "bootargs"), std::nullopt);
}

}  // namespace
}  // namespace parley::papr
