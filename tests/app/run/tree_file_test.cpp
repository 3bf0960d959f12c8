// SPDX-License-Identifier: Apache-2.0
#include "app/run/tree_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "parley/base/file.hpp"

namespace parley::app {
namespace {

using ::testing::HasSubstr;

Bytes text(std::string_view characters) {
  const auto bytes = std::as_bytes(std::span(characters));
  return {bytes.begin(), bytes.end()};
}

class TreeFileTest : public ::testing::Test {
 protected:
  ~TreeFileTest() override { std::filesystem::remove(path_); }
  const std::string path_ = std::filesystem::temp_directory_path() / ("parley-tree-file-" + std::to_string(::getpid()));
};

TEST_F(TreeFileTest, HoldsOnlyTheLastTree) {
  ASSERT_TRUE(write_file(path_, text("the old content")));
  auto file = TreeFile::open(path_);
  ASSERT_TRUE(file);
  EXPECT_EQ(read_text(path_, 100), "the old content") << "until there is a tree";
  EXPECT_TRUE(file->write(text("a first tree")));
  EXPECT_TRUE(file->write(text("a second")));
  EXPECT_EQ(read_text(path_, 100), "a second");
}

// The tree's file is the writing end of a pipe.
class TreeFileOnAPipe : public ::testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    reader_ = FileDescriptor(ends[0]);
    const FileDescriptor writer(ends[1]);
    file_ = TreeFile::open("/proc/self/fd/" + std::to_string(ends[1]));
    ASSERT_TRUE(file_);
  }
  FileDescriptor reader_;
  std::expected<TreeFile, Failure> file_;
};

TEST_F(TreeFileOnAPipe, HoldsOneTreeAfterTheOther) {
  EXPECT_TRUE(file_->write(text("one ")));
  EXPECT_TRUE(file_->write(text("two")));
  *file_ = TreeFile();  // closes it
  EXPECT_EQ(read_file(reader_, 100), text("one two"));
}

TEST_F(TreeFileOnAPipe, DoesNotWaitForTheReaderAndReportsATreeThatDoesNotFitOnce) {
  const auto written = file_->write(Bytes(std::size_t{2} << 20));
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().why, HasSubstr("EAGAIN"));
  EXPECT_TRUE(file_->write(text("a further tree")));
}

TEST_F(TreeFileTest, ReportsAFileThatCannotBeOpened) {
  const auto file = TreeFile::open("/nonexistent/tree");
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().what, HasSubstr("/nonexistent/tree"));
  EXPECT_THAT(file.error().why, HasSubstr("ENOENT"));
  EXPECT_FALSE(TreeFile()) << "no file was requested";
}

}  // namespace
}  // namespace parley::app
