// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <CLI/CLI.hpp>

#include "parley/guest/plan.hpp"

namespace parley::app {
namespace {

constexpr const char *kDescription =
    "A virtual machine monitor for nested guests on IBM POWER: it finds out which processor level the host really has, "
    "decides which level the guest may have, says why, sets it, and proves that the kernel took it.";

constexpr const char *kFooter =
    "LEVEL is auto (the highest legal one), host, raw, power8, power9, power10, power11, or a logical PVR "
    "(0x0f000006).\n"
    "Results go to standard output, diagnostics to standard error.\n"
    "Exit codes: 0 fine, 1 failure, 2 usage, 3 level refused, 4 not applicable here (no POWER KVM), 128+n ended by "
    "signal n.\n"
    "NO_COLOR in the environment switches colours off.";

constexpr const char *kHostHelp =
    "Take the facts from PATH instead of from this machine: a folder like /proc/device-tree, a .dtb, or a saved "
    "'inspect --json'";

// Collected as text, as CLI11 sees them.
struct Words {
  bool quiet = false;
  int verbose = 0;
  std::string log_level;
  std::string level;
  std::string compat = "auto";
  std::string on_refusal = "fail";
  std::string memory = std::to_string(guest::kDefaultMemory >> 20) + "M";
};

const std::map<std::string, LogLevel> kLogLevels{{"warning", LogLevel::kWarning},
                                                 {"info", LogLevel::kInfo},
                                                 {"debug", LogLevel::kDebug},
                                                 {"trace", LogLevel::kTrace}};

LogLevel log_level(const Words &words) {
  if (const auto found = kLogLevels.find(words.log_level); found != kLogLevels.end()) return found->second;
  if (words.quiet) return LogLevel::kWarning;
  if (words.verbose > 1) return LogLevel::kTrace;
  return words.verbose == 1 ? LogLevel::kDebug : LogLevel::kInfo;
}

std::expected<Options, EarlyExit> finish(Options options, const Words &words) {
  options.log_level = log_level(words);
  if (options.command != Command::kInspect) {
    auto preference = compat::parse_wish(options.command == Command::kCheck ? words.level : words.compat);
    if (!preference) return std::unexpected(EarlyExit{{}, preference.error()});
    options.wish.preference = std::move(*preference);
  }
  if (options.command == Command::kRun) {
    options.wish.fallback = words.on_refusal == "fallback";
    const auto size = guest::parse_memory_size(words.memory);
    if (!size) return std::unexpected(EarlyExit{{}, size.error()});
    options.memory_size = *size;
  }
  return options;
}

}  // namespace

std::expected<Options, EarlyExit> parse_options(int argc, const char *const *argv) {
  Options options;
  Words words;
  CLI::App app(kDescription, "parley");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.set_version_flag("--version", "parley " PARLEY_VERSION);
  app.fallthrough();
  app.add_flag("-q,--quiet", words.quiet, "Warnings and errors only");
  app.add_flag("-v,--verbose", words.verbose, "Say how decisions were reached; twice: trace every exit of the guest");
  app.add_option("--log-level", words.log_level, "warning, info, debug or trace; overrides -q and -v")
      ->transform(CLI::IsMember({"warning", "info", "debug", "trace"}));

  CLI::App *inspect =
      app.add_subcommand("inspect", "What is this host? Every source, how far it is to be trusted, and the verdict");
  inspect->add_flag("--json", options.json, "As JSON (docs/inspect.schema.json)");
  inspect->add_option("--host", options.host, kHostHelp)->type_name("PATH");

  CLI::App *check = app.add_subcommand(
      "check", "May a guest have LEVEL here? Every rule with its evidence; exit code 0 legal, 3 refused");
  check->add_option("level", words.level, "The level, or a list with commas in order of preference")
      ->required()
      ->type_name("LEVEL");
  check->add_option("--host", options.host, kHostHelp)->type_name("PATH");

  CLI::App *run = app.add_subcommand(
      "run", "Run a guest at a legal level; without --payload a small built-in one that says what it sees");
  run->add_option("--compat", words.compat, "The guest's level; with commas, a list in order of preference")
      ->type_name("LEVEL[,LEVEL...]")
      ->capture_default_str();
  run->add_option("--on-refusal", words.on_refusal,
                  "What to do when the level is refused: fail, or fallback to the next lower legal level, announced on "
                  "standard error")
      ->transform(CLI::IsMember({"fail", "fallback"}))
      ->capture_default_str();
  run->add_flag("--force", options.wish.force,
                "Skip Parley's own policy, to see what the kernel answers (for testing and teaching)");
  run->add_option("-m,--memory", words.memory, "The guest's memory: a number with K, M or G (without: MiB)")
      ->type_name("SIZE")
      ->capture_default_str();
  run->add_option("--payload", options.payload,
                  "What to run: an ELF file for ppc64 or ppc64le, or a flat binary, entered at address 0 in "
                  "little-endian mode with the device tree's address in r3")
      ->type_name("FILE");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    std::ostringstream out;
    std::ostringstream err;
    if (app.exit(error, out, err) == 0) return std::unexpected(EarlyExit{out.str(), std::nullopt});
    return std::unexpected(
        EarlyExit{{}, Failure{"cannot understand the command line", error.what(), "see parley --help"}});
  }
  if (check->parsed()) options.command = Command::kCheck;
  if (run->parsed()) options.command = Command::kRun;
  return finish(std::move(options), words);
}

}  // namespace parley::app
