// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/failure.hpp"
#include "parley/base/text.hpp"

namespace parley::app {

/// The words of the command line, for the decision which options CLI11 must know. A false positive only costs time: a
/// word that looks like an option may be the value of another option.
class Arguments {
 public:
  explicit Arguments(const std::vector<std::string> &words) : words_(words), wants_help_(has_option("-h,--help")) {}

  bool has_word(std::string_view word) const { return std::ranges::find(words_, word) != words_.end(); }
  /// `names` in CLI11's notation: "-m,--memory".
  bool has_option(std::string_view names) const {
    const auto options = split(names, ',');
    return std::ranges::any_of(words_, [&](const std::string &word) {
      return std::ranges::any_of(options, [&](std::string_view option) { return may_contain(word, option); });
    });
  }
  bool wants_help() const { return wants_help_; }
  /// The first word, unless it is an option; "" otherwise.
  std::string first_argument() const { return words_.empty() || words_[0].starts_with('-') ? "" : words_[0]; }

  /// A bad value that one of our own checks found. It takes precedence over CLI11's message.
  std::optional<Failure> &problem() { return problem_; }

 private:
  // Short options may be combined ("-qv"), and a value may follow without a space ("-m512", "--memory=512").
  static bool may_contain(std::string_view word, std::string_view option) {
    const bool is_short = !option.starts_with("--");
    if (!is_short) return word.starts_with(option);
    return word.starts_with('-') && !word.starts_with("--") && word.find(option[1]) != word.npos;
  }

  const std::vector<std::string> &words_;
  bool wants_help_;
  std::optional<Failure> problem_;
};

}  // namespace parley::app
