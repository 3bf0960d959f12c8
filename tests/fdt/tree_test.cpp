// SPDX-License-Identifier: Apache-2.0
#include "parley/fdt/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libfdt.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace parley::fdt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("parley-tree-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  void write(const std::string &name, const std::string &content) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << content;
  }
  const std::filesystem::path &path() const { return path_; }

 private:
  std::filesystem::path path_;
};

Node sample() {
  Node root;
  root.set_text("model", "sample");
  Node &cpus = root.add("cpus");
  cpus.set_cells("#address-cells", {1});
  cpus.add("cpu@0").set_cells("cpu-version", {0x0f000006});
  root.add("chosen").set_empty("flag");
  return root;
}

TEST(Tree, IsTheSameAfterAWayThroughABlob) {
  const auto again = parse_blob(to_blob(sample()));
  ASSERT_TRUE(again);
  const Node *cpu = again->child("cpus")->child("cpu@0");
  ASSERT_NE(cpu, nullptr);
  EXPECT_EQ(load_be<std::uint32_t>(cpu->property("cpu-version")->value), 0x0f000006u);
  EXPECT_EQ(again->text("model"), "sample");
  EXPECT_TRUE(again->child("chosen")->property("flag")->value.empty());
}

TEST(Tree, HasABlobOfTheExactSize) {
  for (const std::size_t size : {0u, 1u, 2u, 3u, 4u, 5u, 100'000u}) {
    for (std::size_t count = 0; count < 4; ++count) {
      Node root;
      for (std::size_t i = 0; i < count; ++i)
        root.add("node" + std::string(i, 'n')).set("p" + std::string(i, 'p'), Bytes(size, std::byte{1}));
      const Bytes blob = to_blob(root, std::vector<Reservation>(count, {0, 4096}));
      const auto again = parse_blob(blob);
      ASSERT_TRUE(again) << size << ", " << count;
      EXPECT_EQ(blob.size(), fdt_totalsize(blob.data()));
      ASSERT_EQ(again->children.size(), count);
      for (const Node &child : again->children) EXPECT_EQ(child.properties.front().value, Bytes(size, std::byte{1}));
    }
  }
}

TEST(Tree, RefusesABlobThatIsCutOffAnywhere) {
  const Bytes blob = to_blob(sample());
  for (std::size_t length = 0; length < blob.size(); ++length) {
    EXPECT_FALSE(parse_blob(ByteView(blob).first(length))) << length;
  }
}

TEST(Tree, RefusesABlobOfAnOldVersion) {
  Bytes blob = to_blob(sample());
  for (const std::size_t field : {offsetof(fdt_header, version), offsetof(fdt_header, last_comp_version)})
    store_be(std::span(blob).subspan(field, 4), 10u);
  EXPECT_EQ(parse_blob(blob).error().problem, "version 10, older than 16");
}

TEST(Tree, RefusesAPropertyLongerThanItsBlobAndDoesNotLoop) {
  const Bytes whole = to_blob(sample());
  const std::size_t root = load_be<std::uint32_t>(ByteView(whole).subspan(offsetof(fdt_header, off_dt_struct)));
  const std::size_t length_of_model =
      root + 8 + offsetof(struct fdt_property, len);  // after the root's tag and its empty name
  ASSERT_EQ(load_be<std::uint32_t>(ByteView(whole).subspan(length_of_model)), sizeof "sample");
  // Back to the property itself, to its length, into the middle, and one byte too long
  for (const std::uint32_t length : {0xfffffff4u, 0xfffffff8u, 0xffffffffu, 0x80000000u, 0x7fffffffu,
                                     static_cast<std::uint32_t>(whole.size()) + 1}) {
    Bytes blob = whole;
    store_be(std::span(blob).subspan(length_of_model, 4), length);
    const auto again = parse_blob(blob);
    ASSERT_FALSE(again) << length;
    EXPECT_EQ(again.error().problem, "a property is longer than the blob");
  }
}

TEST(Tree, RefusesTooDeeplyNestedNodes) {
  Node root;
  Node *deepest = &root;
  for (int i = 0; i < 100; ++i) deepest = &deepest->add("n");
  const auto again = parse_blob(to_blob(root));
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().problem, HasSubstr("deep"));
}

TEST(Tree, SplitsAListOfTexts) {
  Node node;
  node.set("compatible", Bytes{std::byte{'a'}, std::byte{0}, std::byte{'b'}, std::byte{'c'}, std::byte{0}});
  EXPECT_THAT(node.texts("compatible"), ElementsAre("a", "bc"));
  EXPECT_THAT(node.texts("missing"), ElementsAre());
}

TEST(Tree, KeepsATextWithoutAFinalNul) {
  Node node;
  node.set("model", Bytes{std::byte{'a'}, std::byte{'b'}});
  EXPECT_EQ(node.text("model"), "ab");
}

std::expected<Node, TreeError> read(const Folder &folder, std::vector<std::string_view> wanted) {
  return read_directory(folder.path(), wanted);
}

TEST(Tree, IsReadFromAFolder) {
  const Folder folder;
  folder.write("model", std::string("m\0", 2));
  folder.write("cpus/cpu@0/cpu-version", std::string("\x0f\0\0\x05", 4));
  const auto root = read(folder, {"model", "cpus/cpu@0/cpu-version"});
  ASSERT_TRUE(root);
  EXPECT_EQ(root->text("model"), "m");
  EXPECT_EQ(load_be<std::uint32_t>(root->child("cpus")->child("cpu@0")->property("cpu-version")->value), 0x0f000005u);
}

TEST(Tree, IsReadFromAllNodesOfAFolderInTheOrderOfTheirNames) {
  const Folder folder;
  folder.write("cpus/cpu@8/reg", "8");
  folder.write("cpus/cpu@0/reg", "0");
  folder.write("cpus/cpu@0/cache/reg", "not a node of cpus");
  folder.write("cpus/#size-cells", "not a node");
  const auto root = read(folder, {"cpus/*/reg", "cpus/*/ibm,none"});
  ASSERT_TRUE(root);
  const Node *cpus = root->child("cpus");
  ASSERT_EQ(cpus->children.size(), 2u);
  EXPECT_EQ(cpus->children[0].text("reg"), "0");
  EXPECT_EQ(cpus->children[1].text("reg"), "8");
  EXPECT_TRUE(cpus->properties.empty());
}

TEST(Tree, HasANodeWithoutItsContentsOnRequest) {
  const Folder folder;
  folder.write("rtas/token", "1234");
  const auto root = read(folder, {"rtas/", "ibm,opal/"});
  ASSERT_TRUE(root);
  ASSERT_NE(root->child("rtas"), nullptr);
  EXPECT_TRUE(root->child("rtas")->properties.empty());
  EXPECT_EQ(root->child("ibm,opal"), nullptr);
}

TEST(Tree, DoesNotConfuseNodesAndProperties) {
  const Folder folder;
  folder.write("model", "m");
  folder.write("rtas/token", "1234");
  const auto root = read(folder, {"model/", "rtas"});
  ASSERT_TRUE(root);
  EXPECT_TRUE(root->children.empty());
  EXPECT_TRUE(root->properties.empty());
}

TEST(Tree, DoesNotWaitForAFifoInAFolder) {
  const Folder folder;
  ASSERT_EQ(::mkfifo((folder.path() / "model").c_str(), 0600), 0);
  const auto root = read(folder, {"model"});
  ASSERT_TRUE(root);
  EXPECT_TRUE(root->properties.empty());
}

TEST(Tree, DoesNotFollowALinkInAFolder) {
  const Folder folder;
  folder.write("here/model", "m");
  std::filesystem::create_directory_symlink(folder.path() / "here", folder.path() / "there");
  std::filesystem::create_symlink("here/model", folder.path() / "model");
  const auto root = read(folder, {"model", "there/model", "*/model"});
  ASSERT_TRUE(root);
  EXPECT_TRUE(root->properties.empty());
  ASSERT_EQ(root->children.size(), 1u);
  EXPECT_EQ(root->children[0].name, "here");
}

TEST(Tree, NamesAnUnreadableFile) {
  const Folder folder;
  folder.write("cpus/cpu@0/cpu-version", std::string((1 << 20) + 1, 'x'));
  const auto root = read(folder, {"cpus/*/cpu-version"});
  ASSERT_FALSE(root);
  EXPECT_THAT(root.error().where, HasSubstr("/cpus/cpu@0/cpu-version"));
  EXPECT_THAT(root.error().problem, HasSubstr("EFBIG"));
}

TEST(Tree, NamesAnUnreadableFolder) {
  const auto root = read_directory("/nonexistent/tree", {});
  ASSERT_FALSE(root);
  EXPECT_THAT(root.error().where, HasSubstr("/nonexistent/tree"));
  EXPECT_THAT(root.error().problem, HasSubstr("ENOENT"));
}

}  // namespace
}  // namespace parley::fdt
