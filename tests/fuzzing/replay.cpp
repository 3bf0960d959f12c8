// SPDX-License-Identifier: Apache-2.0
//
// The corpora as tests in every build.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "parley/base/file.hpp"
#include "targets.hpp"

namespace parley::fuzz {
namespace {

class Corpus : public ::testing::TestWithParam<Target> {};

TEST_P(Corpus, IsSurvived) {
  const char *corpora = std::getenv("PARLEY_CORPORA");
  ASSERT_NE(corpora, nullptr) << "PARLEY_CORPORA must name the folder";
  std::size_t files = 0;
  for (const auto &entry : std::filesystem::directory_iterator(std::filesystem::path(corpora) / GetParam().name)) {
    const auto content = read_file(entry.path(), std::size_t{1} << 20);
    ASSERT_TRUE(content) << entry.path();
    SCOPED_TRACE(entry.path());
    GetParam().take(*content);  // aborts where an invariant is violated
    ++files;
  }
  EXPECT_GT(files, 0u) << "the corpus is empty";
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Corpus, ::testing::ValuesIn(kTargets),
                         [](const auto &tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace parley::fuzz
