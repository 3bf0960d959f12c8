// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>

#include "app/commands/matrix_options.hpp"
#include "app/diagnostics.hpp"
#include "parley/app/app.hpp"

namespace parley::app {

/// `parley matrix`: every level on this host.
struct MatrixOptions {
  LevelOptions levels;
  TrialOptions trial;
  ReportOptions report;
};

void add_options(OptionRegistry &registry, MatrixOptions &options);
std::expected<void, Failure> finish(MatrixOptions &options);
int execute(const MatrixOptions &options, const World &world, const Diagnostics &diagnostics);

}  // namespace parley::app
