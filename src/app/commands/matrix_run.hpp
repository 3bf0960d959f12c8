// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "app/commands/matrix_options.hpp"
#include "app/diagnostics.hpp"
#include "parley/app/app.hpp"

namespace parley::app {

/// `parley matrix run`: some cells, on this host.
struct MatrixRunOptions {
  std::vector<matrix::CellId> cells;
  std::optional<std::string> plan;     ///< a file
  std::optional<std::size_t> index;    ///< of a cell in the plan
  std::optional<std::string> results;  ///< a folder
  TrialOptions trial;
  ReportOptions report;

  struct Texts {
    std::vector<std::string> cells;
  } texts = {};
};

void add_options(OptionRegistry &registry, MatrixRunOptions &options);
std::expected<void, Failure> finish(MatrixRunOptions &options);
int execute(const MatrixRunOptions &options, const World &world, const Diagnostics &diagnostics);

}  // namespace parley::app
