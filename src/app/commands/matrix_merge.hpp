// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "app/commands/matrix_options.hpp"
#include "app/diagnostics.hpp"
#include "parley/app/app.hpp"

namespace parley::app {

/// `parley matrix merge`: one report of the results in a folder.
struct MatrixMergeOptions {
  std::string folder;
  std::optional<std::string> plan;  ///< a file
  ReportOptions report;
};

void add_options(OptionRegistry &registry, MatrixMergeOptions &options);
std::expected<void, Failure> finish(MatrixMergeOptions &options);
int execute(const MatrixMergeOptions &options, const World &world, const Diagnostics &diagnostics);

}  // namespace parley::app
