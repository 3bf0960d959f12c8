// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <algorithm>

#include "matrix_options.hpp"
#include "parley/base/text.hpp"
#include "parley/base/try.hpp"
#include "qemu_words.hpp"
#include "vocabulary.hpp"

namespace parley::app {
namespace {

constexpr const char *kDescription =
    "A virtual machine monitor for nested guests on IBM POWER: it finds out which processor level the host really has, "
    "decides which level the guest may have, says why, sets it, and proves that the kernel took it.";

constexpr const char *kFooter =
    "LEVEL is auto (the highest legal one), host, raw, power8, power9, power10, power11, or a logical PVR "
    "(0x0f000006).\n"
    "Results go to standard output, diagnostics to standard error.\n"
    "Exit codes: 0 fine (also a guest that powered off), 1 failure (also a guest that panicked), 2 usage, 3 level "
    "refused, 4 not applicable here (no POWER KVM), 128+n ended by "
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
  std::optional<std::string> compat;
  std::string on_refusal = "fail";
  std::string memory;
  std::string smp = "1";
  std::string machine;
  std::string cpu = "host";
  std::string boot;
  std::string serial = "stdio";
  std::string watchdog = "10";
  std::string sandbox = "on";
  bool no_reboot = false;
};

// A Linux with its initrd wants more than a small payload.
constexpr const char *kMemoryOfKernel = "1G";

std::expected<std::optional<std::chrono::seconds>, Failure> parse_watchdog(const std::string &text) {
  if (text == "off") return std::nullopt;
  if (const auto seconds = parse_seconds(text)) return seconds;
  return std::unexpected(Failure{"'" + text + "' is no time for the watchdog",
                                 "it must be a number of seconds, at most a day's, or off",
                                 "for example --watchdog 10"});
}

const std::map<std::string, LogLevel> kLogLevels{{"warning", LogLevel::kWarning},
                                                 {"info", LogLevel::kInfo},
                                                 {"debug", LogLevel::kDebug},
                                                 {"trace", LogLevel::kTrace}};

sandbox::Mode sandbox_mode(const std::string &word) {
  if (word == "off") return sandbox::Mode::kOff;
  return word == "log" ? sandbox::Mode::kLog : sandbox::Mode::kOn;
}

LogLevel log_level(const Words &words) {
  if (const auto found = kLogLevels.find(words.log_level); found != kLogLevels.end()) return found->second;
  if (words.quiet) return LogLevel::kWarning;
  if (words.verbose > 1) return LogLevel::kTrace;
  return words.verbose == 1 ? LogLevel::kDebug : LogLevel::kInfo;
}

// -M max-cpu-compat and -cpu are other ways to say --compat.
std::expected<std::string, Failure> wanted_level(const Words &words, const MachineWords &machine, const CpuWords &cpu) {
  struct Wish {
    std::string_view option;
    const std::optional<std::string> &level;
  };
  const Wish wishes[] = {{"--compat", words.compat}, {"-M max-cpu-compat", machine.compat}, {"-cpu", cpu.compat}};
  const Wish *first = nullptr;
  for (const Wish &wish : wishes) {
    if (!wish.level) continue;
    if (first != nullptr && to_lower(*first->level) != to_lower(*wish.level))
      return std::unexpected(Failure{"two levels are asked for",
                                     std::string(first->option) + " says " + *first->level + ", " +
                                         std::string(wish.option) + " says " + *wish.level,
                                     "leave one of them out"});
    if (first == nullptr) first = &wish;
  }
  return first != nullptr ? *first->level : "auto";
}

std::expected<void, Failure> check_guest_files(const Options &options) {
  if (options.kernel || options.payload) return {};
  const char *orphan = options.initrd ? "--initrd" : !options.command_line.empty() ? "--append" : nullptr;
  if (orphan == nullptr) return {};
  return std::unexpected(Failure{std::string(orphan) + " is nothing that the built-in guest takes",
                                 "neither --kernel nor --payload is given, and then the built-in guest runs",
                                 "give --kernel FILE or --payload FILE too"});
}

std::expected<void, Failure> finish_run(Options &options, const Words &words) {
  TRY(check_guest_files(options));
  const auto machine = TRY(parse_machine(words.machine));
  const auto cpu = TRY(parse_cpu(words.cpu));
  if (!cpu.remark.empty()) options.remarks.push_back(cpu.remark);
  const std::string level = TRY(wanted_level(words, machine, cpu));
  options.wish.preference = TRY(compat::parse_wish(level));
  options.wish.fallback = words.on_refusal == "fallback";
  options.processors = TRY(parse_smp(words.smp));
  const std::string memory = options.kernel ? kMemoryOfKernel : std::to_string(guest::kDefaultMemory >> 20);
  const auto wanted_memory = TRY(parse_memory(words.memory.empty() ? memory : words.memory));
  options.memory_size = wanted_memory.size;
  for (const auto &more : {machine.no_effect, wanted_memory.no_effect})
    std::ranges::copy(more, std::back_inserter(options.no_effect));
  if (!words.boot.empty())
    options.boot = words.boot == "of" ? guest::BootKind::kClientInterface : guest::BootKind::kFlatTree;
  options.serial = TRY(console::parse_endpoint(words.serial));
  options.watchdog = TRY(parse_watchdog(words.watchdog));
  options.reboot = !words.no_reboot;
  options.sandbox = sandbox_mode(words.sandbox);
  return {};
}

std::expected<Options, Failure> finish(Options options, const Words &words, const MatrixOptions &matrix) {
  options.log_level = log_level(words);
  if (options.command == Command::kCheck) options.wish.preference = TRY(compat::parse_wish(words.level));
  if (options.command == Command::kRun) TRY(finish_run(options, words));
  if (matrix.parsed()) TRY(matrix.finish(options));
  return options;
}

void add_guest_options(Vocabulary &run, Options &options, Words &words) {
  Told kernel =
      run.known("--kernel", options.kernel,
                "A Linux to run: a vmlinux for ppc64 or ppc64le; or another program for a machine without an operating "
                "system, an ELF file. It is mapped: replace it by a new file, not in place")
          .type("FILE");
  run.option("--initrd", options.initrd, "Its initrd, or the payload's").type("FILE");
  run.option("--append", options.command_line, "Its command line, or the payload's").type("TEXT");
  run.option("--boot", words.boot,
             "How the kernel starts: of, through the client interface of Open Firmware, where it negotiates its level; "
             "or fdt, with a flat device tree, where nothing is negotiated (default: of; fdt for a program that is "
             "linked at 0)")
      .needs(kernel)
      .one_of({"of", "fdt"});
  run.option(
         "--payload", options.payload,
         "Another program to run, with a flat device tree whose address is in r3: an ELF file for ppc64 or ppc64le, "
         "entered big-endian as by firmware; or a flat binary, entered at address 0 in little-endian mode")
      .excludes(kernel)
      .type("FILE");
  run.option("-m,--memory", words.memory,
             "The guest's memory: a number with K, M, G or T (without: MiB); 256M, with a kernel 1G")
      .type("SIZE");
  run.option("--smp", words.smp, "The number of its vCPUs, at most 64").type("N").shows_default();
  run.option("--serial", words.serial,
             "Its console: stdio (on a terminal Ctrl-a h helps), none, pty, file:PATH, or "
             "unix:PATH[,server=on|off][,wait=on|off]")
      .type("WHERE")
      .shows_default();
  run.option("--nvram", options.nvram, "Keep its non-volatile memory in this file (64 KiB)").type("FILE");
  run.flag("--no-reboot", words.no_reboot, "End when it reboots, instead of starting it again");
  run.option("--watchdog", words.watchdog,
             "Say so when a vCPU runs in real mode for that many seconds without ever leaving the guest, or off")
      .type("SECONDS|off")
      .shows_default();
  run.option("--sandbox", words.sandbox,
             "on: once the guest runs, Parley may neither open files (but for the host's level) nor start programs, "
             "and its "
             "threads may only make the system calls that they need; log: others are allowed and logged by the kernel; "
             "off (docs/security.md)")
      .one_of({"on", "log", "off"})
      .shows_default();
  run.option("--dump-dtb", options.dump_tree, "Write the device tree that it gets, with its negotiated level")
      .type("FILE");
}

void add_qemu_options(Vocabulary &run, Words &words) {
  run.option("-M,--machine", words.machine, "As QEMU: pseries[,max-cpu-compat=LEVEL]; cap-... have no effect")
      .type("MACHINE");
  run.option("--cpu", words.cpu, "As QEMU: host[,compat=LEVEL]; a level's name means --compat").type("CPU");
}

void add_run_options(Vocabulary &run, Options &options, Words &words) {
  run.option("--compat", words.compat,
             "The highest level that the guest may have; with commas, a list in order of preference (default: auto)")
      .type("LEVEL[,LEVEL...]");
  run.option("--on-refusal", words.on_refusal,
             "What to do when the level is refused: fail, or fallback to the next lower legal level, announced on "
             "standard error")
      .one_of({"fail", "fallback"})
      .shows_default();
  run.flag("--force", options.wish.force,
           "Skip Parley's own policy, to see what the kernel answers (for testing and teaching)");
  add_guest_options(run, options, words);
  add_qemu_options(run, words);
}

void add_inspect_options(Vocabulary &inspect, Options &options, Words &) {
  inspect.flag("--json", options.json, "As JSON (docs/inspect.schema.json)");
  inspect.option("--host", options.host, kHostHelp).type("PATH");
}

void add_check_options(Vocabulary &check, Options &options, Words &words) {
  check.known("level", words.level, "The level, or a list with commas in order of preference").required().type("LEVEL");
  check.option("--host", options.host, kHostHelp).type("PATH");
}

void add_diff_options(Vocabulary &diff, Options &options, Words &) {
  diff.known("before", options.before, "The earlier report").required().type("BEFORE.json");
  diff.known("after", options.after, "The later one").required().type("AFTER.json");
}

struct CommandWords {
  Command command;
  const char *name;
  const char *description;
  void (*add_options)(Vocabulary &, Options &, Words &);
};
constexpr const char *kMatrix = "matrix";  // which has commands of its own
constexpr CommandWords kCommands[] = {
    {Command::kInspect, "inspect", "What is this host? Every source, how far it is to be trusted, and the verdict",
     add_inspect_options},
    {Command::kCheck, "check",
     "May a guest have LEVEL here? Every rule with its evidence; exit code 0 legal, 3 refused", add_check_options},
    {Command::kRun, "run",
     "Run a guest at a legal level: a Linux (--kernel), another program (--payload), or a small built-in one that says "
     "what it sees. QEMU's spellings (-kernel, -smp) are taken too",
     add_run_options},
    {Command::kDiff, "diff",
     "What has changed between two reports of 'matrix --format json' or of 'inspect --json'; exit code 0 nothing, 1 "
     "something, 2 they cannot be compared",
     add_diff_options},
};

// The options and arguments that an error of CLI11's names, in its order; of a flag it leaves out the dashes.
std::vector<std::string> named_in(const std::string &text) {
  std::vector<std::string> names;
  for (const std::string_view word : split(text, ' '))
    if (word.starts_with('-')) names.emplace_back(word.substr(0, word.find(':')));
  if (names.empty()) names.push_back("--" + text.substr(0, text.find_first_of(": ")));
  return names;
}

// What was wrong with a line, in our own words: CLI11's are made for whoever programs with it.
std::string explain(const CLI::ParseError &error, const Line &line) {
  const std::string kind = error.get_name();
  const std::string text = error.what();
  const auto says = [&](std::string_view part) { return text.find(part) != text.npos; };
  const auto names = named_in(text);
  if (kind == "RequiredError" && says("subcommand")) {
    const std::string word = line.first_argument();
    return word.empty() ? "it names no command" : "there is no command '" + word + "'";
  }
  if (kind == "RequiredError") return to_upper(text.substr(0, text.find(' '))) + " is missing";
  if (kind == "RequiresError") return names.front() + " makes no sense without " + names.back();
  if (kind == "ExcludesError") return names.front() + " and " + names.back() + " exclude each other";
  if (kind == "ConversionError") return "the value of " + names.front() + " is no number that it takes";
  if (says("flag override")) return names.front() + " takes no value";
  if (says("missing")) return names.front() + " wants a value";
  if (says("At Most")) return names.front() + " is there more than once";
  return names.front() + " is not used as --help says";
}

Failure unknown_words(const std::vector<std::string> &words, const CLI::App &app) {
  const auto commands = app.get_subcommands();
  const std::string command = commands.empty() ? "parley" : "parley " + commands.front()->get_name();
  return {"cannot understand the command line", command + " does not know " + join(words, " "),
          "see " + command + " --help"};
}

}  // namespace

std::expected<Options, EarlyExit> parse_options(int argc, const char *const *argv) {
  Options options;
  Words words;
  auto qemu = read_qemu_line(std::span(argv + 1, static_cast<std::size_t>(argc - 1)));
  if (!qemu) return std::unexpected(EarlyExit{{}, qemu.error()});
  options.no_effect = std::move(qemu->no_effect);
  CLI::App app(kDescription, "parley");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.set_version_flag("--version", "parley " PARLEY_VERSION);
  app.fallthrough();
  app.allow_extras();  // what it does not know is told of here, in its order

  Line line(qemu->words);
  Vocabulary any(app, line);
  any.flag("-q,--quiet", words.quiet, "Warnings and errors only");
  any.flag("-v,--verbose", words.verbose, "Say how decisions were reached; twice: trace every exit of the guest");
  any.option("--log-level", words.log_level, "warning, info, debug or trace; overrides -q and -v")
      .one_of({"warning", "info", "debug", "trace"});
  for (const CommandWords &command : kCommands) {
    if (!line.wants_help() && !line.has_word(command.name)) continue;
    CLI::App *added = app.add_subcommand(command.name, command.description);
    added->final_callback([&options, &command] { options.command = command.command; });
    Vocabulary own(*added, line);
    if (line.has_word(command.name)) command.add_options(own, options, words);
  }
  MatrixOptions matrix;
  if (line.wants_help() || line.has_word(kMatrix)) matrix.add_to(app, options, line);

  try {
    app.parse(std::vector(qemu->words.rbegin(), qemu->words.rend()));  // as CLI11 takes them
  } catch (const CLI::Success &wanted) {
    std::ostringstream out;
    app.exit(wanted, out, out);
    return std::unexpected(EarlyExit{out.str(), std::nullopt});
  } catch (const CLI::ParseError &error) {
    const Failure usage{"cannot understand the command line", explain(error, line), "see parley --help"};
    return std::unexpected(EarlyExit{{}, line.problem().value_or(usage)});
  }
  if (const auto extras = app.remaining(true); !extras.empty())
    return std::unexpected(EarlyExit{{}, unknown_words(extras, app)});
  auto finished = finish(std::move(options), words, matrix);
  if (!finished) return std::unexpected(EarlyExit{{}, finished.error()});
  return std::move(*finished);
}

}  // namespace parley::app
