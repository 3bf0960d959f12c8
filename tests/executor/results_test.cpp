// SPDX-License-Identifier: Apache-2.0
#include "parley/executor/results.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "executor/cells.hpp"

namespace parley::executor {
namespace {

namespace fs = std::filesystem;
using parley::testing::cell;
using parley::testing::kPower10;
using parley::testing::kPower11;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(APlan, IsReadLineByLine) {
  const fs::path plan = fs::temp_directory_path() / ("parley-plan-" + std::to_string(::getpid()));
  std::ofstream(plan) << "# a comment\n\n  " << kPower10 << "  \n" << kPower11;
  EXPECT_THAT(read_plan(plan).value(), ElementsAre(cell(kPower10), cell(kPower11)));
  std::ofstream(plan) << kPower10 << "\nbanana\n";
  EXPECT_THAT(read_plan(plan).error().what, HasSubstr("'banana'"));
  fs::remove(plan);
  EXPECT_THAT(read_plan(plan).error().why, HasSubstr("ENOENT"));
}

TEST(CollectingResults, SkipsPartialFilesAndReportsBrokenOnes) {
  const fs::path folder = fs::temp_directory_path() / ("parley-collect-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / ("." + kPower10 + ".json.Ab3dEf")) << "{";
  std::ofstream(folder / (kPower11 + ".json")) << "{";
  std::ofstream(folder / "host.power9.compat.power9.error") << "it died\nof this";
  std::ofstream(folder / "notes.txt") << "ignored";
  fs::create_directories(folder / (kPower10 + ".json"));
  const auto results = collect_results(folder).value();
  fs::remove_all(folder);
  EXPECT_THAT(results.reports, IsEmpty());
  ASSERT_EQ(results.errors.size(), 3u);
  EXPECT_THAT(results.errors.at(kPower10), HasSubstr("it is not a file"));
  EXPECT_THAT(results.errors.at(kPower11), HasSubstr("the result cannot be read: "));
  EXPECT_EQ(results.errors.at("host.power9.compat.power9"), "it died\nof this");
  EXPECT_THAT(collect_results(folder).error().why, HasSubstr("ENOENT"));
}

}  // namespace
}  // namespace parley::executor
