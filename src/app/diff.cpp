// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "host_source.hpp"
#include "parley/app/app.hpp"
#include "parley/base/file.hpp"
#include "parley/report/comparison.hpp"

namespace parley::app {
namespace {

std::expected<report::Comparison, Failure> compare_files(const std::string &before, const std::string &after) {
  const auto load = [](const std::string &path) { return read_text(path, kMaxReportSize); };
  const auto was = load(before);
  const auto now = load(after);
  for (const auto *text : {&was, &now}) {
    if (!*text)
      return std::unexpected(Failure{"cannot read the report " + text->error().path.string(),
                                     errno_text(text->error().error), "give a file that exists and may be read"});
  }
  return report::compare_reports({before, *was}, {after, *now});
}

}  // namespace

// The exit codes are those of diff(1).
int diff(const Options &options, const Diagnostics &diagnostics) {
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
