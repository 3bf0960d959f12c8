// SPDX-License-Identifier: Apache-2.0
#include "app/commands/diff.hpp"

#include "app/command_line/option_registry.hpp"
#include "app/commands/output.hpp"
#include "parley/base/file.hpp"
#include "parley/executor/results.hpp"
#include "parley/report/comparison.hpp"

namespace parley::app {
namespace {

std::expected<report::Comparison, Failure> compare_files(const std::string &before, const std::string &after) {
  const auto load = [](const std::string &path) { return read_text(path, executor::kMaxReportSize); };
  const auto was = load(before);
  const auto now = load(after);
  for (const auto *text : {&was, &now}) {
    if (!*text)
      return std::unexpected(Failure{"cannot read the report " + text->error().path.string(),
                                     errno_text(text->error().error), "name a file that exists and is readable"});
  }
  return report::compare_reports({before, *was}, {after, *now});
}

}  // namespace

void add_options(OptionRegistry &registry, DiffOptions &options) {
  registry.always("before", options.before, "The earlier report").required().type("BEFORE.json");
  registry.always("after", options.after, "The later report").required().type("AFTER.json");
}

int execute(const DiffOptions &options, const World &, const Diagnostics &diagnostics) {
  const auto comparison = compare_files(options.before, options.after);
  if (!comparison) {
    diagnostics.failure(comparison.error());
    return kUsage;
  }
  const bool same = comparison->changes.empty();
  const bool written = print_result(report::comparison_text(*comparison), kSuccess, diagnostics) == kSuccess;
  return !written ? kUsage : same ? kSuccess : kFailure;
}

}  // namespace parley::app
