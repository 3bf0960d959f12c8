// SPDX-License-Identifier: Apache-2.0
#include "matrix_options.hpp"

#include <algorithm>
#include <ranges>

#include "parley/base/text.hpp"
#include "parley/base/try.hpp"

namespace parley::app {
namespace {

constexpr const char *kNames =
    "A cell is named host.SILICON.compat.LEVEL[.api.v1|.api.v2|.api.bare][.kernel.LABEL].guest.LEVEL[.linux][.forced]; "
    "a "
    "host is the part before '.guest', and a level's name alone stands for a host whose silicon and level are that.";

// Seconds that a guest may take: a Linux boots, the built-in one does not.
constexpr std::chrono::seconds kBuiltinLimit{60};
constexpr std::chrono::seconds kLinuxLimit{300};
constexpr const char *kLinuxMemory = "1G";

bool was_given(const CLI::App &command, const char *option) {
  const CLI::Option *told = command.get_option_no_throw(option);
  return told != nullptr && told->count() != 0;
}

}  // namespace

void MatrixOptions::add_levels(Vocabulary &command, Options &options) {
  command.option("--levels", levels_, "Which levels, with commas").type("LEVEL[,LEVEL...]").shows_default();
  command.flag("--force", options.wish.force,
               "Ask the kernel also for what the policy refuses: shows whether it has the arch_compat check of "
               "Linux 7.2");
  command.option("--guest", guest_, "builtin, a small one that says what it sees; or linux, which negotiates its level")
      .one_of({"builtin", "linux"})
      .shows_default();
}

void MatrixOptions::add_guest(Vocabulary &command, Options &options) {
  Told kernel = command.known("--kernel", options.kernel, "The Linux of --guest linux: a vmlinux").type("FILE");
  command
      .option("--initrd", options.initrd,
              "Its initrd, which must say what it sees as lab/l2-init does (docs/matrix.md) and power off")
      .needs(kernel)
      .type("FILE");
  command.option("--append", options.command_line, "Its command line (default: console=hvc0 quiet)")
      .needs(kernel)
      .type("TEXT");
  command.option("-m,--memory", memory_, "Its memory (default: 1G)").needs(kernel).type("SIZE");
  command.option("--limit", limit_, "How long a guest may take (default: 60, a Linux 300)").type("SECONDS");
  command.option("--note", options.notes, "Something to say about the host in the report; may be repeated")
      .type("TEXT");
}

void MatrixOptions::add_form(Vocabulary &command, Options &options, bool compares) {
  command.option("--format", format_, "The form of the report").one_of(report::matrix_format_names()).shows_default();
  command.option("--out", options.out, "Write it to FILE instead of to standard output").type("FILE");
  if (!compares) return;
  command.option("--against", options.against, "Say in text or html what has changed since that report in JSON")
      .type("FILE");
}

void MatrixOptions::add_to(CLI::App &app, Options &options, Line &line) {
  matrix_ = app.add_subcommand(
      "matrix",
      "Every level on this host: what the policy says, what the kernel answers, what the guest sees, and whether that "
      "was to be expected; exit code 0 as expected, 1 surprised");
  if (!line.has_word("matrix")) return;
  matrix_->footer(kNames);
  matrix_->require_subcommand(0, 1);
  Vocabulary matrix(*matrix_, line);
  add_levels(matrix, options);
  add_guest(matrix, options);
  add_form(matrix, options, true);

  plan_ = matrix_->add_subcommand("plan", "Print the names of cells, one a line, for 'matrix run' to take");
  plan_->footer(kNames);
  Vocabulary planning(*plan_, line);
  planning.option("--hosts", hosts_, "Which hosts, with commas (default: this one)").type("HOST[,HOST...]");
  add_levels(planning, options);
  planning.option("--out", options.out, "Write it to FILE instead of to standard output").type("FILE");

  run_ = matrix_->add_subcommand("run",
                                 "Try cells of a plan on this host; exit code 0 also when a cell with --results "
                                 "surprised, 4 when this host is another one");
  run_->footer(kNames);
  Vocabulary running(*run_, line);
  const Told cell = running.option("--cell", cells_, "The cell's name; may be repeated").type("CELL");
  Told plan = running.known("--plan", options.plan, "A file with the names of cells").type("FILE");
  const Told index = running.known("--index", options.index, "Which cell of the plan, counted from 0")
                         .excludes(cell)
                         .needs(plan)
                         .type("N");
  plan.needs(index).excludes(cell);
  running
      .option("--results", options.results,
              "Leave each result in this folder as a file of its own; a cell that has one there is not tried again")
      .type("DIR");
  add_guest(running, options);
  add_form(running, options, false);

  merge_ =
      matrix_->add_subcommand("merge", "Put the results in a folder together; what is missing is reported as lost");
  Vocabulary merging(*merge_, line);
  merging.known("dir", options.results, "The folder").required().type("DIR");
  merging.option("--plan", options.plan, "The cells that there should be (default: DIR/plan, or those that are there)")
      .type("FILE");
  add_form(merging, options, true);
}

bool MatrixOptions::parsed() const { return matrix_ != nullptr && matrix_->parsed(); }

// CLI11 hands what a command does not know to the command above it, which is right for -q and wrong for these.
std::expected<void, Failure> MatrixOptions::check_placement() const {
  const auto subcommands = matrix_->get_subcommands();
  if (subcommands.empty()) return {};
  for (const CLI::Option *option : matrix_->get_options()) {
    if (option->count() == 0) continue;
    return std::unexpected(Failure{option->get_name() + " has no place there",
                                   "matrix " + subcommands.front()->get_name() + " has no such option",
                                   "see parley matrix " + subcommands.front()->get_name() + " --help"});
  }
  return {};
}

std::expected<void, Failure> MatrixOptions::finish_guest(Options &options) const {
  const bool wants_linux = guest_ == "linux";
  const bool runs = matrix_->get_subcommands().empty();
  if (runs && wants_linux != options.kernel.has_value())
    return std::unexpected(Failure{wants_linux ? "--guest linux wants a Linux" : "--kernel is there for --guest linux",
                                   "only one of --guest linux and --kernel is given",
                                   "parley matrix --guest linux --kernel vmlinux --initrd initrd.cpio.gz"});
  options.matrix_guest = wants_linux ? matrix::Guest::kLinux : matrix::Guest::kBuiltin;
  options.cell_limit = options.kernel ? kLinuxLimit : kBuiltinLimit;
  if (options.kernel && options.command_line.empty()) options.command_line = "console=hvc0 quiet";
  options.memory_size =
      options.kernel ? TRY(guest::parse_memory_size(memory_.empty() ? kLinuxMemory : memory_)) : guest::kMinMemory;
  if (limit_.empty()) return {};
  const auto limit = parse_seconds(limit_);
  if (!limit)
    return std::unexpected(Failure{"'" + limit_ + "' is no time limit",
                                   "it must be a number of seconds, at most a day's", "for example --limit 60"});
  options.cell_limit = *limit;
  return {};
}

std::expected<void, Failure> MatrixOptions::finish_names(Options &options) const {
  for (const auto &request : TRY(compat::parse_wish(levels_))) {
    if (request.kind != compat::Request::Kind::kTarget)
      return std::unexpected(Failure{"a matrix has levels by their names", "auto and host stand for others",
                                     "for example --levels power9,power10,raw"});
    if (std::ranges::find(options.levels, request.target) == options.levels.end())
      options.levels.push_back(request.target);
  }
  for (const auto word : split(hosts_, ',')) options.hosts.push_back(TRY(matrix::parse_host(trim(word))));
  for (const std::string &cell : cells_) options.cells.push_back(TRY(matrix::parse_cell(cell)));
  if (run_->parsed() && options.cells.empty() && !options.index)
    return std::unexpected(Failure{"matrix run wants a cell", "there is neither --cell nor --index",
                                   "parley matrix run --cell NAME, or --plan FILE --index N"});
  return {};
}

std::expected<void, Failure> MatrixOptions::finish(Options &options) const {
  TRY(check_placement());
  if (run_->parsed() && options.results && (was_given(*run_, "--out") || was_given(*run_, "--format")))
    return std::unexpected(Failure{"--results stands alone", "results have their names and their form",
                                   "leave --out and --format to parley matrix merge"});
  options.command = plan_->parsed()    ? Command::kMatrixPlan
                    : run_->parsed()   ? Command::kMatrixRun
                    : merge_->parsed() ? Command::kMatrixMerge
                                       : Command::kMatrix;
  options.format = *report::matrix_format(format_);
  const bool shows_changes =
      options.format == report::MatrixFormat::kText || options.format == report::MatrixFormat::kHtml;
  if (options.against && !shows_changes)
    return std::unexpected(
        Failure{"--against has no place in " + format_, "only text and html show what has changed", "use parley diff"});
  TRY(finish_guest(options));
  return finish_names(options);
}

}  // namespace parley::app
