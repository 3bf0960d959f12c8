// SPDX-License-Identifier: Apache-2.0
#include "app/command_line/linux_command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::app {
namespace {

std::vector<std::string> doubts(std::string_view text, unsigned terminals = 1) {
  return doubts_about_linux_command_line(text, terminals);
}

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ALinuxCommandLine, MayNameTheGuestsConsole) {
  for (const char *fine : {"", "quiet", "console=hvc0", "console=ttyS0 console=hvc0",
                           "console=hvc0,115200 console=tty0", "xconsole=ttyS0"})
    EXPECT_THAT(doubts(fine), IsEmpty()) << fine;
}

TEST(ALinuxCommandLine, WithTheConsoleOfAnotherMachineCausesAWarning) {
  for (const char *silent : {"console=ttyS0", "console=ttyS0,115200 quiet", "quiet console=tty0", "console=hvc1"})
    EXPECT_THAT(doubts(silent), ElementsAre(HasSubstr("falls silent"))) << silent;
  EXPECT_THAT(doubts("console=tty0 console=ttyS0,9600")[0], HasSubstr("console=ttyS0 names"));
}

TEST(ALinuxCommandLine, MayNameAFurtherTerminalOnlyIfThereIsOne) {
  EXPECT_THAT(doubts("console=hvc1", 2), IsEmpty());
  EXPECT_THAT(doubts("console=hvc2", 2), ElementsAre(HasSubstr("its console is hvc0 to hvc1")));
}

TEST(ALinuxCommandLine, ThatIsTooLongCausesAWarningThatQuotesTheRest) {
  EXPECT_THAT(doubts(std::string(2047, 'x')), IsEmpty());
  const auto found = doubts(std::string(2047, 'x') + "root=/dev/vda");
  ASSERT_THAT(found, ElementsAre(HasSubstr("Linux reads 2047 bytes")));
  EXPECT_THAT(found[0], HasSubstr("\"root=/dev/vda\""));
}

TEST(ALinuxCommandLine, IsJudgedUpToItsLimit) {
  EXPECT_THAT(doubts("console=tty0 " + std::string(2047, 'x') + " console=hvc0"),
              ElementsAre(HasSubstr("Linux reads"), HasSubstr("falls silent")));
}

}  // namespace
}  // namespace parley::app
