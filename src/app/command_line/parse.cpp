// SPDX-License-Identifier: Apache-2.0
//
// From argv to the options of one command, in four steps:
//
//   1. QEMU's options are translated (qemu_line.hpp).
//   2. Each command that the line may name becomes a subcommand of CLI11, with an option structure of its own. The
//      words of the line do not tell a command from an option's value ("--kernel check"); so several commands may be
//      registered, and only CLI11 decides which one it is.
//   3. CLI11 parses the words into these structures. Its errors are reworded (usage_error.hpp).
//   4. The chosen command checks and converts its options (finish).
//
// Only options and commands that the line names are registered: option_registry.hpp says why.
#include "app/command_line/parse.hpp"

#include <CLI/CLI.hpp>
#include <iterator>
#include <ranges>
#include <span>
#include <sstream>
#include <vector>

#include "app/command_line/option_registry.hpp"
#include "app/command_line/qemu_line.hpp"
#include "app/command_line/usage_error.hpp"
#include "parley/base/text.hpp"

namespace parley::app {
namespace {

constexpr const char *kDescription =
    "A virtual machine monitor for nested guests on IBM POWER: it finds out which processor level the host really has, "
    "decides which level the guest may have, says why, sets it, and proves that the kernel took it.";

constexpr const char *kFooter =
    "LEVEL is auto (the highest legal one), host, raw, power8, power9, power10, power11, or a logical PVR "
    "(0x0f000006).\n"
    "Results go to standard output, diagnostics to standard error.\n"
    "Exit codes: 0 success (also a guest that powered off), 1 failure (also a guest that panicked), 2 usage, 3 level "
    "refused, 4 not applicable here (no POWER KVM), 128+n ended by signal n.\n"
    "NO_COLOR in the environment switches colours off.";

// The options of all commands, as text.
struct GeneralTexts {
  bool quiet = false;
  int verbose = 0;
  std::string log_level;
};

void add_general_options(OptionRegistry registry, GeneralTexts &texts) {
  registry.flag("-q,--quiet", texts.quiet, "Print warnings and errors only");
  registry.flag("-v,--verbose", texts.verbose, "Explain the decisions; twice: trace every exit of the guest");
  registry.option("--log-level", texts.log_level, "warning, info, debug or trace; overrides -q and -v")
      .one_of({"warning", "info", "debug", "trace"});
}

LogLevel log_level(const GeneralTexts &texts) {
  if (texts.log_level == "warning") return LogLevel::kWarning;
  if (texts.log_level == "info") return LogLevel::kInfo;
  if (texts.log_level == "debug") return LogLevel::kDebug;
  if (texts.log_level == "trace") return LogLevel::kTrace;
  if (texts.quiet) return LogLevel::kWarning;
  if (texts.verbose > 1) return LogLevel::kTrace;
  return texts.verbose == 1 ? LogLevel::kDebug : LogLevel::kInfo;
}

// A command that the line may name, and its options.
struct Candidate {
  const Command *command;
  CLI::App *parser;
  CommandOptions options;
};

// CLI11 holds references into the candidates' options.
class Candidates {
 public:
  Candidates(CLI::App &root, Arguments &arguments, const std::vector<std::string> &no_effect) {
    candidates_.reserve(commands().size());
    for (const Command &command : commands()) {
      if (!command.parent.empty() && !arguments.has_word(command.parent)) continue;
      if (!arguments.wants_help() && !arguments.has_word(command.name)) continue;
      CLI::App *parent = command.parent.empty() ? &root : parser_of(command.parent);
      CLI::App *parser = parent->add_subcommand(std::string(command.name), command.help);
      Candidate &added = candidates_.emplace_back(&command, parser, command.defaults());
      if (!arguments.has_word(command.name)) continue;              // only the list in --help needs it
      if (*command.footer != '\0') parser->footer(command.footer);  // else its parent's
      if (command.has_subcommands) parser->require_subcommand(0, 1);
      OptionRegistry registry(*parser, arguments);
      command.add_options(registry, added.options);
      if (auto *run = std::get_if<RunOptions>(&added.options)) run->no_effect = no_effect;
    }
  }

  /// The command that CLI11 found; a subcommand comes after its parent.
  Candidate &chosen() {
    return *std::ranges::find_if(candidates_ | std::views::reverse,
                                 [](const Candidate &candidate) { return candidate.parser->parsed(); });
  }

 private:
  CLI::App *parser_of(std::string_view name) const {
    return std::ranges::find(candidates_, name, [](const Candidate &c) { return c.command->name; })->parser;
  }

  std::vector<Candidate> candidates_;
};

// CLI11 gives an option that a subcommand does not have to its parent. That is right for -q; it is wrong for the
// options of `parley matrix` behind `parley matrix run`.
std::expected<void, Failure> check_placement(const Candidate &chosen) {
  if (chosen.command->parent.empty()) return {};
  const std::string name = std::string(chosen.command->parent) + " " + std::string(chosen.command->name);
  for (const CLI::Option *option : chosen.parser->get_parent()->get_options()) {
    if (option->count() == 0) continue;
    return std::unexpected(Failure{option->get_name() + " is not possible there", name + " has no such option",
                                   "see parley " + name + " --help"});
  }
  return {};
}

Failure unknown_words(const std::vector<std::string> &words, const CLI::App &app) {
  const auto commands = app.get_subcommands();
  const std::string command = commands.empty() ? "parley" : "parley " + commands.front()->get_name();
  return {"cannot understand the command line", command + " does not know " + join(words, " "),
          "see " + command + " --help"};
}

std::expected<void, EarlyExit> parse_words(CLI::App &app, const std::vector<std::string> &words, Arguments &arguments) {
  try {
    app.parse(std::vector(words.rbegin(), words.rend()));  // CLI11 expects them reversed
  } catch (const CLI::Success &help) {
    std::ostringstream out;
    app.exit(help, out, out);
    return std::unexpected(EarlyExit{out.str(), std::nullopt});
  } catch (const CLI::ParseError &error) {
    const Failure usage{"cannot understand the command line", explain_usage_error(error, arguments),
                        "see parley --help"};
    return std::unexpected(EarlyExit{{}, arguments.problem().value_or(usage)});
  }
  if (const auto extras = app.remaining(true); !extras.empty())
    return std::unexpected(EarlyExit{{}, unknown_words(extras, app)});
  return {};
}

std::expected<void, Failure> finish(Candidate &chosen) {
  if (const auto placed = check_placement(chosen); !placed) return placed;
  return chosen.command->finish(chosen.options);
}

}  // namespace

std::expected<Invocation, EarlyExit> parse_command_line(int argc, const char *const *argv) {
  const auto qemu = read_qemu_line(std::span(argv + 1, static_cast<std::size_t>(argc - 1)));
  if (!qemu) return std::unexpected(EarlyExit{{}, qemu.error()});
  CLI::App app(kDescription, "parley");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.set_version_flag("--version", "parley " PARLEY_VERSION);
  app.fallthrough();
  app.allow_extras();  // unknown words are reported together, in their order

  Arguments arguments(qemu->words);
  GeneralTexts texts;
  add_general_options(OptionRegistry(app, arguments), texts);
  Candidates candidates(app, arguments, qemu->no_effect);
  if (auto parsed = parse_words(app, qemu->words, arguments); !parsed) return std::unexpected(parsed.error());
  Candidate &chosen = candidates.chosen();
  if (const auto finished = finish(chosen); !finished) return std::unexpected(EarlyExit{{}, finished.error()});
  return Invocation{chosen.command, std::move(chosen.options), log_level(texts)};
}

}  // namespace parley::app
