// SPDX-License-Identifier: Apache-2.0
#include "app/command_line/usage_error.hpp"

#include <CLI/CLI.hpp>

#include "parley/base/text.hpp"

namespace parley::app {
namespace {

// The options and arguments that CLI11's message names, in its order. It omits the dashes of flags.
std::vector<std::string> named_in(const std::string &text) {
  std::vector<std::string> names;
  for (const std::string_view word : split(text, ' '))
    if (word.starts_with('-')) names.emplace_back(word.substr(0, word.find(':')));
  if (names.empty()) names.push_back("--" + text.substr(0, text.find_first_of(": ")));
  return names;
}

}  // namespace

std::string explain_usage_error(const CLI::ParseError &error, const Arguments &arguments) {
  const std::string kind = error.get_name();
  const std::string text = error.what();
  const auto says = [&](std::string_view part) { return text.find(part) != text.npos; };
  const auto names = named_in(text);
  if (kind == "RequiredError" && says("subcommand")) {
    const std::string word = arguments.first_argument();
    return word.empty() ? "it names no command" : "there is no command '" + word + "'";
  }
  if (kind == "RequiredError") return to_upper(text.substr(0, text.find(' '))) + " is missing";
  if (kind == "RequiresError") return names.front() + " requires " + names.back();
  if (kind == "ExcludesError") return names.front() + " and " + names.back() + " exclude each other";
  if (kind == "ConversionError") return "the value of " + names.front() + " is not a number in its range";
  if (says("flag override")) return names.front() + " takes no value";
  if (says("missing")) return names.front() + " needs a value";
  if (says("At Most")) return names.front() + " is given more than once";
  return names.front() + " is not used as --help describes";
}

}  // namespace parley::app
