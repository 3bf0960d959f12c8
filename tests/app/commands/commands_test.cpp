// SPDX-License-Identifier: Apache-2.0
#include "app/commands/commands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "app/run_parley.hpp"

namespace parley::app {
namespace {

using ::testing::HasSubstr;

TEST(TheTableOfCommands, HasOneRowForEachStructureOfOptions) {
  std::set<std::size_t> alternatives;
  for (const Command &command : commands()) alternatives.insert(command.defaults().index());
  EXPECT_EQ(alternatives.size(), std::variant_size_v<CommandOptions>);
  EXPECT_EQ(commands().size(), std::variant_size_v<CommandOptions>);
}

TEST(TheTableOfCommands, HasEachParentBeforeItsSubcommands) {
  for (auto command = commands().begin(); command != commands().end(); ++command) {
    if (command->parent.empty()) continue;
    const auto parent = std::ranges::find(commands().begin(), command, command->parent, &Command::name);
    ASSERT_NE(parent, command) << command->name;
    EXPECT_TRUE(parent->has_subcommands) << command->name;
  }
}

TEST(TheTableOfCommands, HasAHelpForEachCommand) {
  for (const Command &command : commands()) {
    std::vector<std::string> words{std::string(command.name), "--help"};
    if (!command.parent.empty()) words.insert(words.begin(), std::string(command.parent));
    std::vector<const char *> line;
    for (const std::string &word : words) line.push_back(word.c_str());
    const Outcome help = parley_with(line);
    EXPECT_EQ(help.code, kSuccess) << command.name;
    EXPECT_THAT(help.out, HasSubstr(command.help));
    EXPECT_THAT(help.out, HasSubstr("Usage: parley"));
  }
}

}  // namespace
}  // namespace parley::app
