// SPDX-License-Identifier: Apache-2.0
#include "app/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::app {
namespace {

using ::testing::HasSubstr;

std::expected<Options, EarlyExit> parse(std::vector<const char *> words) {
  words.insert(words.begin(), "parley");
  return parse_options(static_cast<int>(words.size()), words.data());
}

TEST(Options, AreTakenInEveryWayToWriteThem) {
  for (const std::vector<const char *> &line : std::vector<std::vector<const char *>>{{"run", "-m", "512"},
                                                                                      {"run", "-m512"},
                                                                                      {"run", "--memory", "512"},
                                                                                      {"run", "--memory=512M"},
                                                                                      {"-q", "run", "-m", "512"},
                                                                                      {"run", "-qm", "512"},
                                                                                      {"run", "-vm512"}}) {
    const auto options = parse(line);
    ASSERT_TRUE(options) << line[1];
    EXPECT_EQ(options->command, Command::kRun);
    EXPECT_EQ(options->memory_size, std::uint64_t{512} << 20) << line[1];
  }
  EXPECT_EQ(parse({"run", "-vv"})->log_level, LogLevel::kTrace);
}

TEST(Options, BelongToTheirCommand) {
  for (const std::vector<const char *> &line : std::vector<std::vector<const char *>>{
           {"inspect", "--compat", "power9"}, {"check", "power9", "--json"}, {"run", "--levels", "power9"}}) {
    const auto options = parse(line);
    ASSERT_FALSE(options) << line[1];
    EXPECT_THAT(options.error().failure->why, HasSubstr("not expected"));
  }
}

TEST(Options, ThatAreFlagsTakeNoValue) {
  for (const char *word : {"--verbose=2", "--verbose=777777777777777777777", "--quiet=99999999999999999999", "-v=x"}) {
    const auto options = parse({word, "run"});
    ASSERT_FALSE(options) << word;
    EXPECT_EQ(options.error().failure->what, "cannot understand the command line") << word;
  }
}

TEST(Options, MayHaveAValueThatLooksLikeAnother) {
  const auto options = parse({"run", "--kernel", "check", "--append", "--smp matrix"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->kernel, "check");
  EXPECT_EQ(options->command_line, "--smp matrix");
  EXPECT_EQ(options->processors, 1u);
}

TEST(Options, LockTheGuestInUnlessToldOtherwise) {
  EXPECT_EQ(parse({"run"})->sandbox, sandbox::Mode::kOn);
  EXPECT_EQ(parse({"run", "--sandbox", "log"})->sandbox, sandbox::Mode::kLog);
  EXPECT_EQ(parse({"run", "--sandbox=off"})->sandbox, sandbox::Mode::kOff);
  EXPECT_FALSE(parse({"run", "--sandbox", "maybe"}));
}

}  // namespace
}  // namespace parley::app
