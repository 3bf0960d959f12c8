// SPDX-License-Identifier: Apache-2.0
//
// Command lines, one word in each line.
#include "app/command_line/parse.hpp"
#include "input.hpp"
#include "parley/base/text.hpp"
#include "parley/matrix/cell_id.hpp"
#include "targets.hpp"

namespace parley::fuzz {

void words(ByteView bytes) {
  std::string text = Input(bytes).rest();
  std::erase(text, '\0');
  std::vector<std::string> words{"parley"};
  for (const auto word : split(text, '\n')) words.emplace_back(word);
  std::vector<const char *> line;
  for (const auto &word : words) line.push_back(word.c_str());
  const auto invocation = app::parse_command_line(static_cast<int>(line.size()), line.data());
  if (!invocation)
    require(!invocation.error().help.empty() || invocation.error().failure, "a refused line has a reason");
  for (const auto &word : words) {
    if (const auto cell = matrix::parse_cell(word)) {
      const auto again = matrix::parse_cell(matrix::name(*cell));
      require(again && *again == *cell, "a cell is found by its own name");
    }
  }
}

}  // namespace parley::fuzz
