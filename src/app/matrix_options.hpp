// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "options.hpp"
#include "vocabulary.hpp"

namespace parley::app {

/// The command line of `parley matrix` and of its own commands.
class MatrixOptions {
 public:
  /// The command, and where the line names it, what it may be told.
  void add_to(CLI::App &app, Options &options, Line &line);
  bool parsed() const;
  std::expected<void, Failure> finish(Options &options) const;

 private:
  void add_levels(Vocabulary &command, Options &options);
  void add_guest(Vocabulary &command, Options &options);
  void add_form(Vocabulary &command, Options &options, bool compares);
  std::expected<void, Failure> check_placement() const;
  std::expected<void, Failure> finish_guest(Options &options) const;
  std::expected<void, Failure> finish_names(Options &options) const;

  CLI::App *matrix_ = nullptr;
  CLI::App *plan_ = nullptr;
  CLI::App *run_ = nullptr;
  CLI::App *merge_ = nullptr;
  // As text, as CLI11 sees them.
  std::string levels_ = "power7,power8,power9,power10,power11,raw,0x0f000008,0xffffffff";
  std::string format_ = "text";
  std::string guest_ = "builtin";
  std::string memory_;
  std::string hosts_;
  std::string limit_;
  std::vector<std::string> cells_;
};

}  // namespace parley::app
