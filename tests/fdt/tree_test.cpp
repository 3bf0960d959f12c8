// SPDX-License-Identifier: Apache-2.0
#include "parley/fdt/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
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

bool everything(std::string_view, EntryKind) { return true; }

Node sample() {
  Node root;
  root.set_text("model", "sample");
  Node &cpus = root.add("cpus");
  cpus.set_cells("#address-cells", {1});
  cpus.add("cpu@0").set_cells("cpu-version", {0x0f000006});
  root.add("chosen").set_empty("flag");
  return root;
}

TEST(Tree, SurvivesTheWayThroughABlob) {
  const auto again = parse_blob(to_blob(sample()));
  ASSERT_TRUE(again);
  const Node *cpu = again->child("cpus")->child("cpu@0");
  ASSERT_NE(cpu, nullptr);
  EXPECT_EQ(load_be<std::uint32_t>(cpu->property("cpu-version")->value), 0x0f000006u);
  EXPECT_EQ(again->text("model"), "sample");
  EXPECT_TRUE(again->child("chosen")->property("flag")->value.empty());
}

TEST(Tree, GrowsItsBlobUntilItFits) {
  Node root;
  root.set("big", Bytes(100'000, std::byte{1}));
  const auto again = parse_blob(to_blob(root));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->property("big")->value.size(), 100'000u);
}

TEST(Tree, RefusesABlobThatIsCutOffAtAnyPlace) {
  const Bytes blob = to_blob(sample());
  for (std::size_t length = 0; length < blob.size(); ++length) {
    EXPECT_FALSE(parse_blob(ByteView(blob).first(length))) << length;
  }
}

TEST(Tree, RefusesABlobThatIsNestedTooDeeply) {
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

TEST(Tree, KeepsATextThatHasNoFinalNul) {
  Node node;
  node.set("model", Bytes{std::byte{'a'}, std::byte{'b'}});
  EXPECT_EQ(node.text("model"), "ab");
}

TEST(Tree, IsReadFromAFolder) {
  const Folder folder;
  folder.write("model", std::string("m\0", 2));
  folder.write("cpus/cpu@0/cpu-version", std::string("\x0f\0\0\x05", 4));
  const auto root = read_directory(folder.path(), everything);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->text("model"), "m");
  EXPECT_EQ(load_be<std::uint32_t>(root->child("cpus")->child("cpu@0")->property("cpu-version")->value), 0x0f000005u);
}

TEST(Tree, KeepsANodeThatItDoesNotDescendInto) {
  const Folder folder;
  folder.write("rtas/token", "1234");
  const auto root = read_directory(folder.path(), [](std::string_view path, EntryKind) { return path != "/rtas"; });
  ASSERT_TRUE(root);
  ASSERT_NE(root->child("rtas"), nullptr);
  EXPECT_TRUE(root->child("rtas")->properties.empty());
}

TEST(Tree, DoesNotOpenAPropertyThatIsNotWanted) {
  const Folder folder;
  folder.write("model", "m");
  std::filesystem::permissions(folder.path() / "model", std::filesystem::perms::none);
  const auto root = read_directory(folder.path(), [](std::string_view path, EntryKind) { return path != "/model"; });
  ASSERT_TRUE(root);
  EXPECT_TRUE(root->properties.empty());
}

TEST(Tree, DoesNotFollowALinkInAFolder) {
  const Folder folder;
  folder.write("model", "m");
  std::filesystem::create_directory_symlink(folder.path(), folder.path() / "loop");
  const auto root = read_directory(folder.path(), everything);
  ASSERT_TRUE(root);
  EXPECT_TRUE(root->children.empty());
}

TEST(Tree, NamesTheFolderThatCannotBeRead) {
  const auto root = read_directory("/nonexistent/tree", everything);
  ASSERT_FALSE(root);
  EXPECT_THAT(root.error().where, HasSubstr("/nonexistent/tree"));
  EXPECT_THAT(root.error().problem, HasSubstr("ENOENT"));
}

}  // namespace
}  // namespace parley::fdt
