// SPDX-License-Identifier: Apache-2.0
//
// The words of a command, told to CLI11 as far as the line has them.
//
// CLI11 compares each option that it is told of with all before it and keeps what help would say of it: with all that
// Parley takes, that came to a third of what a refusal cost. So it is told only of what the line names, and of all when
// help is asked for. What the line does not have stays as it was, and what nobody told of is an error as ever.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/failure.hpp"
#include "parley/base/text.hpp"

namespace parley::app {

/// What the user wrote. Better one word too many than one too few: that of an option may be the value of another.
class Line {
 public:
  explicit Line(const std::vector<std::string> &words) : words_(words) { wants_help_ = has("-h,--help"); }

  bool has_word(std::string_view word) const { return std::ranges::find(words_, word) != words_.end(); }
  /// `names` as CLI11 has them: "-m,--memory".
  bool has(std::string_view names) const {
    const auto options = split(names, ',');
    return std::ranges::any_of(words_, [&](const std::string &word) {
      return std::ranges::any_of(options, [&](std::string_view option) { return may_have(word, option); });
    });
  }
  bool wants_help() const { return wants_help_; }
  /// The first word, where it is no option; "" otherwise.
  std::string first_argument() const { return words_.empty() || words_[0].starts_with('-') ? "" : words_[0]; }

  /// What is wrong with a value, where Parley found it out and not CLI11.
  std::optional<Failure> &problem() { return problem_; }

 private:
  // Short options may stand together ("-qv"), and a value may follow without a gap ("-m512", "--memory=512").
  static bool may_have(std::string_view word, std::string_view option) {
    const bool is_short = !option.starts_with("--");
    if (!is_short) return word.starts_with(option);
    return word.starts_with('-') && !word.starts_with("--") && word.find(option[1]) != word.npos;
  }

  const std::vector<std::string> &words_;
  bool wants_help_;
  std::optional<Failure> problem_;
};

/// An option that CLI11 was told of, or that it need not know.
class Told {
 public:
  Told(CLI::Option *option, std::string_view names, Line &line)
      : option_(option), name_(names.substr(names.rfind(',') + 1)), line_(line) {}
  Told &type(const char *name) {
    return with([&] { option_->type_name(name); });
  }
  Told &one_of(std::vector<std::string> values) {
    return with([&] {
      option_->check(
          [values = std::move(values), name = name_, &line = line_](const std::string &value) -> std::string {
            if (std::ranges::find(values, value) != values.end()) return "";
            line.problem() = Failure{"'" + value + "' is no value for " + name, "it takes " + join(values, ", "),
                                     "for example " + name + " " + values.front()};
            return "it is none of them";
          });
    });
  }
  Told &shows_default() {
    return with([&] { option_->capture_default_str(); });
  }
  Told &required() {
    return with([&] { option_->required(); });
  }
  /// The other one must be known, whatever the line has.
  Told &needs(const Told &other) {
    return with([&] { option_->needs(other.option_); });
  }
  Told &excludes(const Told &other) {
    return with([&] {
      if (other.option_ != nullptr) option_->excludes(other.option_);
    });
  }

 private:
  template <typename F>
  Told &with(F tell) {
    if (option_ != nullptr) tell();
    return *this;
  }
  CLI::Option *option_;
  std::string name_;  // the last of them, with its dashes
  Line &line_;
};

/// What one command may be told.
class Vocabulary {
 public:
  Vocabulary(CLI::App &command, Line &line) : command_(command), line_(line) {}

  template <typename T>
  Told option(const char *names, T &target, const char *help = "") {
    return Told(wanted(names) ? command_.add_option(names, target, help) : nullptr, names, line_);
  }
  template <typename T>
  Told flag(const char *names, T &target, const char *help = "") {
    if (!wanted(names)) return Told(nullptr, names, line_);
    // "--verbose=2" is nothing that a flag takes (CLI11 still takes "=true"), and a number that is too large for the C
    // library comes back as an exception of its.
    return Told(command_.add_flag(names, target, help)->disable_flag_override(), names, line_);
  }
  /// An option without which others make no sense, or an argument without a name.
  template <typename T>
  Told known(const char *name, T &target, const char *help) {
    return Told(command_.add_option(name, target, help), name, line_);
  }

 private:
  bool wanted(const char *names) const { return line_.wants_help() || line_.has(names); }

  CLI::App &command_;
  Line &line_;
};

}  // namespace parley::app
