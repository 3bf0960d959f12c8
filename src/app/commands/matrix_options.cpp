// SPDX-License-Identifier: Apache-2.0
#include "app/commands/matrix_options.hpp"

#include <algorithm>

#include "app/command_line/option_registry.hpp"
#include "parley/base/text.hpp"
#include "parley/base/try.hpp"

namespace parley::app {
namespace {

// A Linux boots; the built-in guest starts at once.
constexpr std::chrono::seconds kBuiltinLimit{60};
constexpr std::chrono::seconds kLinuxLimit{300};
constexpr const char *kLinuxMemory = "1G";
constexpr const char *kLinuxCommandLine = "console=hvc0 quiet";

}  // namespace

// --- Levels

void add_options(OptionRegistry &registry, LevelOptions &options) {
  registry.option("--levels", options.texts.levels, "The levels, with commas").type("LEVEL[,LEVEL...]").shows_default();
  registry.flag("--force", options.force,
                "Ask the kernel also for levels that the policy refuses: shows whether it has the arch_compat check of "
                "Linux 7.2");
  registry
      .option("--guest", options.texts.guest,
              "builtin, a small guest that prints its readings; or linux, which negotiates its level")
      .one_of({"builtin", "linux"})
      .shows_default();
}

std::expected<void, Failure> finish(LevelOptions &options) {
  options.guest = options.texts.guest == "linux" ? matrix::Guest::kLinux : matrix::Guest::kBuiltin;
  for (const auto &request : TRY(compat::parse_wish(options.texts.levels))) {
    if (request.kind != compat::Request::Kind::kTarget)
      return std::unexpected(Failure{"--levels needs the names of levels", "auto and host stand for other levels",
                                     "for example --levels power9,power10,raw"});
    if (std::ranges::find(options.levels, request.target) == options.levels.end())
      options.levels.push_back(request.target);
  }
  return {};
}

// --- Trials

void add_options(OptionRegistry &registry, TrialOptions &options) {
  OptionHandle kernel =
      registry.always("--kernel", options.guest.kernel, "The Linux of --guest linux: a vmlinux").type("FILE");
  registry
      .option("--initrd", options.guest.initrd,
              "Its initrd, which must print its readings as lab/l2-init does (docs/matrix.md) and power off")
      .needs(kernel)
      .type("FILE");
  registry.option("--append", options.guest.command_line, "Its command line (default: console=hvc0 quiet)")
      .needs(kernel)
      .type("TEXT");
  registry.option("-m,--memory", options.texts.memory, "Its memory (default: 1G)").needs(kernel).type("SIZE");
  registry.option("--limit", options.texts.limit, "The time limit of a guest (default: 60, for a Linux 300)")
      .type("SECONDS");
  registry.option("--note", options.notes, "A remark on the host for the report; may be repeated").type("TEXT");
}

std::expected<void, Failure> finish(TrialOptions &options) {
  const bool is_linux = options.guest.kernel.has_value();
  options.limit = is_linux ? kLinuxLimit : kBuiltinLimit;
  if (is_linux && options.guest.command_line.empty()) options.guest.command_line = kLinuxCommandLine;
  const std::string &memory = options.texts.memory;
  options.guest.memory_size =
      is_linux ? TRY(guest::parse_memory_size(memory.empty() ? kLinuxMemory : memory)) : guest::kMinMemory;
  if (options.texts.limit.empty()) return {};
  const auto limit = parse_seconds(options.texts.limit);
  if (!limit)
    return std::unexpected(Failure{"'" + options.texts.limit + "' is not a time limit",
                                   "it must be a number of seconds, at most a day", "for example --limit 60"});
  options.limit = *limit;
  return {};
}

// --- Reports

void add_options(OptionRegistry &registry, ReportOptions &options) {
  registry.option("--format", options.texts.format, "The form of the report (default: text)")
      .one_of(report::matrix_format_names());
  registry.option("--out", options.out, "Write to FILE instead of to standard output").type("FILE");
}

void add_against_option(OptionRegistry &registry, ReportOptions &options) {
  registry.option("--against", options.against, "Show in text or html the changes since that report in JSON")
      .type("FILE");
}

std::expected<void, Failure> finish(ReportOptions &options) {
  if (!options.texts.format.empty()) options.format = *report::matrix_format(options.texts.format);
  const bool shows_changes =
      options.format == report::MatrixFormat::kText || options.format == report::MatrixFormat::kHtml;
  if (options.against && !shows_changes)
    return std::unexpected(Failure{"--against is not possible with --format " + options.texts.format,
                                   "only text and html show changes", "use parley diff"});
  return {};
}

}  // namespace parley::app
