// SPDX-License-Identifier: Apache-2.0
//
// Command lines, from argv to the options of one command: all forms of writing an option, options at the wrong command,
// and the messages for wrong lines.
#include "app/command_line/parse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

std::expected<Invocation, EarlyExit> parse(std::vector<const char *> words) {
  words.insert(words.begin(), "parley");
  return parse_command_line(static_cast<int>(words.size()), words.data());
}
// The options of a valid `parley run`.
RunOptions parse_run(const std::vector<const char *> &words) { return std::get<RunOptions>(parse(words)->options); }

TEST(Options, MayBeWrittenInEveryUsualForm) {
  for (const std::vector<const char *> &line : std::vector<std::vector<const char *>>{{"run", "-m", "512"},
                                                                                      {"run", "-m512"},
                                                                                      {"run", "--memory", "512"},
                                                                                      {"run", "--memory=512M"},
                                                                                      {"-q", "run", "-m", "512"},
                                                                                      {"run", "-qm", "512"},
                                                                                      {"run", "-vm512"}}) {
    const auto invocation = parse(line);
    ASSERT_TRUE(invocation) << line[1];
    EXPECT_EQ(invocation->command->name, "run");
    EXPECT_EQ(std::get<RunOptions>(invocation->options).guest.memory_size, std::uint64_t{512} << 20) << line[1];
  }
  EXPECT_EQ(parse({"run", "-vv"})->log_level, LogLevel::kTrace);
}

TEST(Options, BelongToTheirCommand) {
  for (const std::vector<const char *> &line : std::vector<std::vector<const char *>>{
           {"inspect", "--compat", "power9"}, {"check", "power9", "--json"}, {"run", "--levels", "power9"}}) {
    const auto options = parse(line);
    ASSERT_FALSE(options) << line[1];
    EXPECT_THAT(options.error().failure->why, HasSubstr("does not know"));
  }
}

TEST(Options, ThatAreFlagsTakeNoValue) {
  for (const char *word : {"--verbose=2", "--verbose=777777777777777777777", "--quiet=99999999999999999999", "-v=x"}) {
    const auto options = parse({word, "run"});
    ASSERT_FALSE(options) << word;
    EXPECT_EQ(options.error().failure->what, "cannot understand the command line") << word;
  }
}

// CLI11 addresses the programmer; the user reads our messages.
TEST(Options, ThatAreWrongAreReportedInOurWords) {
  const struct {
    std::vector<const char *> line;
    const char *what;
    const char *why;
  } cases[] = {
      {{}, "cannot understand the command line", "it names no command"},
      {{"frobnicate"}, "cannot understand the command line", "there is no command 'frobnicate'"},
      {{"check"}, "cannot understand the command line", "LEVEL is missing"},
      {{"run", "--net0", "none", "-frob"},
       "cannot understand the command line",
       "parley run does not know --net0 none -frob"},
      {{"run", "--boot", "of"}, "cannot understand the command line", "--boot requires --kernel"},
      {{"run", "--kernel", "a", "--payload", "b"}, "cannot understand the command line", "exclude each other"},
      {{"run", "--compat"}, "cannot understand the command line", "--compat needs a value"},
      {{"run", "-m", "1G", "-m", "2G"}, "cannot understand the command line", "--memory is given more than once"},
      {{"run", "--no-reboot=x"}, "cannot understand the command line", "--no-reboot takes no value"},
      {{"matrix", "run", "--plan", "p", "--index", "x"},
       "cannot understand the command line",
       "the value of --index is not a number"},
      {{"run", "--sandbox", "maybe"}, "'maybe' is not a value of --sandbox", "it takes on, log, off"},
      {{"run", "--on-refusal", "cry"}, "'cry' is not a value of --on-refusal", "it takes fail, fallback"},
      {{"matrix", "--format", "poem"}, "'poem' is not a value of --format", "it takes "},
      {{"run", "-monitor", "stdio"}, "cannot honour -monitor stdio", "there is no monitor"},
      {{"--log-level", "debug"}, "cannot understand the command line", "it names no command"},
      {{"run", "--append", "x"}, "the built-in guest does not take --append", "built-in guest"},
      {{"run", "--initrd", "x"}, "the built-in guest does not take --initrd", "built-in guest"},
      {{"run", "-cpu", "POWER9", "--compat", "power10"},
       "two levels are requested",
       "--compat says power10, -cpu says power9"},
  };
  for (const auto &[line, what, why] : cases) {
    const auto options = parse(line);
    ASSERT_FALSE(options) << why;
    const Failure &failure = *options.error().failure;
    EXPECT_EQ(failure.what, what);
    EXPECT_THAT(failure.why, HasSubstr(why));
    EXPECT_FALSE(failure.what_to_do.empty());
    EXPECT_THAT(failure.why, Not(HasSubstr(" in {"))) << "CLI11's";
  }
}

TEST(Options, OfQemuWithoutEffectOrWithAnotherMeaningAreKeptForAMessage) {
  const RunOptions options =
      parse_run({"run", "-m", "4G,slots=32", "-uuid", "1", "-M", "pseries,usb=off", "-cpu", "POWER9"});
  EXPECT_THAT(options.no_effect, ElementsAre("-uuid 1", "usb=off", "-m slots=32"));
  ASSERT_THAT(options.remarks, SizeIs(1));
  EXPECT_THAT(options.remarks[0], HasSubstr("--compat power9"));
  EXPECT_EQ(options.wish.preference[0].target, compat::Target::of(level("power9")));
}

TEST(Options, GiveAPayloadItsCommandLineAndItsInitrd) {
  const RunOptions options = parse_run({"run", "--payload", "test.elf", "--append", "a b", "--initrd", "rd"});
  EXPECT_EQ(options.guest.command_line, "a b");
  EXPECT_EQ(options.guest.initrd, "rd");
}

TEST(Options, MayHaveAValueThatLooksLikeACommandOrAnOption) {
  const RunOptions options = parse_run({"run", "--kernel", "check", "--append", "--smp matrix"});
  EXPECT_EQ(options.guest.kernel, "check");
  EXPECT_EQ(options.guest.command_line, "--smp matrix");
  EXPECT_EQ(options.guest.processors, 1u);
}

TEST(Options, GiveTheGuestATerminalForEachSerial) {
  using Kind = console::Endpoint::Kind;
  const RunOptions one = parse_run({"run"});
  ASSERT_THAT(one.serials, SizeIs(1));
  EXPECT_EQ(one.serials[0].kind, Kind::kStdio);
  const RunOptions two = parse_run({"run", "--serial", "pty", "-serial", "file:log"});
  ASSERT_THAT(two.serials, SizeIs(2));
  EXPECT_EQ(two.serials[0].kind, Kind::kPty);
  EXPECT_EQ(two.serials[1].path, "log");
  EXPECT_EQ(two.guest.terminals, 2u);
  EXPECT_FALSE(parse({"run", "--serial", "pty", "none"})) << "each has one value";
  std::vector<const char *> many{"run"};
  for (unsigned i = 0; i <= devices::kMaxTerminals; ++i) many.insert(many.end(), {"--serial", "none"});
  EXPECT_EQ(parse(many).error().failure->what, "too many consoles");
}

TEST(Options, SwitchTheSandboxOnByDefault) {
  EXPECT_EQ(parse_run({"run"}).sandbox, sandbox::Mode::kOn);
  EXPECT_EQ(parse_run({"run", "--sandbox", "log"}).sandbox, sandbox::Mode::kLog);
  EXPECT_EQ(parse_run({"run", "--sandbox=off"}).sandbox, sandbox::Mode::kOff);
  EXPECT_FALSE(parse({"run", "--sandbox", "maybe"}));
}

}  // namespace
}  // namespace parley::app
