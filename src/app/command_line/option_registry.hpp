// SPDX-License-Identifier: Apache-2.0
//
// Registers a command's options with CLI11, as far as the command line names them.
//
// CLI11 compares each new option with all earlier ones and stores its help text. Registering all of Parley's options
// took a third of the time of a refused level. Therefore an option is registered only if the command line names it, or
// if help is requested. An option that the line does not name keeps its default value, and an unknown option is still
// an error: CLI11 was told of neither.
//
//   OptionRegistry    one command's options: option(), flag(), always()
//   OptionHandle      one option, registered or not: its type, its allowed values, what it needs and excludes
//
// A command writes the same chain of calls in both cases; on an option that is not registered the calls do nothing.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "app/command_line/arguments.hpp"
#include "parley/base/text.hpp"

namespace parley::app {

class OptionHandle {
 public:
  /// `option` is nullptr for an option that is not registered. `names` in CLI11's notation: "-m,--memory".
  OptionHandle(CLI::Option *option, std::string_view names, Arguments &arguments)
      : option_(option), name_(names.substr(names.rfind(',') + 1)), arguments_(arguments) {}

  OptionHandle &type(const char *name) {
    return if_registered([&] { option_->type_name(name); });
  }
  OptionHandle &one_of(std::vector<std::string> values) {
    return if_registered([&] {
      option_->check(
          [values = std::move(values), name = name_, &arguments = arguments_](const std::string &value) -> std::string {
            if (std::ranges::find(values, value) != values.end()) return "";
            arguments.problem() = Failure{"'" + value + "' is not a value of " + name, "it takes " + join(values, ", "),
                                          "for example " + name + " " + values.front()};
            return "not one of them";
          });
    });
  }
  /// May be given several times, with one value each; the target is a vector.
  OptionHandle &repeatable() {
    return if_registered([&] { option_->allow_extra_args(false); });
  }
  OptionHandle &shows_default() {
    return if_registered([&] { option_->capture_default_str(); });
  }
  OptionHandle &required() {
    return if_registered([&] { option_->required(); });
  }
  /// `other` must come from OptionRegistry::always().
  OptionHandle &needs(const OptionHandle &other) {
    return if_registered([&] { option_->needs(other.option_); });
  }
  OptionHandle &excludes(const OptionHandle &other) {
    return if_registered([&] {
      if (other.option_ != nullptr) option_->excludes(other.option_);
    });
  }

 private:
  template <typename Function>
  OptionHandle &if_registered(Function function) {
    if (option_ != nullptr) function();
    return *this;
  }

  CLI::Option *option_;
  std::string name_;  // the last one, with its dashes
  Arguments &arguments_;
};

class OptionRegistry {
 public:
  OptionRegistry(CLI::App &command, Arguments &arguments) : command_(command), arguments_(arguments) {}

  template <typename T>
  OptionHandle option(const char *names, T &target, const char *help = "") {
    return handle(is_named(names) ? command_.add_option(names, target, help) : nullptr, names);
  }
  template <typename T>
  OptionHandle flag(const char *names, T &target, const char *help = "") {
    if (!is_named(names)) return handle(nullptr, names);
    // Without this, CLI11 accepts "--verbose=2", and a number too large for the C library's parser throws.
    return handle(command_.add_flag(names, target, help)->disable_flag_override(), names);
  }
  /// Registered even if the line does not name it: a positional argument, or an option that other options need.
  template <typename T>
  OptionHandle always(const char *name, T &target, const char *help) {
    return handle(command_.add_option(name, target, help), name);
  }

 private:
  bool is_named(const char *names) const { return arguments_.wants_help() || arguments_.has_option(names); }
  OptionHandle handle(CLI::Option *option, const char *names) { return OptionHandle(option, names, arguments_); }

  CLI::App &command_;
  Arguments &arguments_;
};

}  // namespace parley::app
