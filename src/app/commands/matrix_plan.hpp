// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "app/commands/matrix_options.hpp"
#include "app/diagnostics.hpp"
#include "parley/app/app.hpp"

namespace parley::app {

/// `parley matrix plan`: the names of cells.
struct MatrixPlanOptions {
  LevelOptions levels;
  std::vector<matrix::HostId> hosts;  ///< empty: this one
  std::optional<std::string> out;     ///< a file instead of standard output

  struct Texts {
    std::string hosts;
  } texts = {};
};

void add_options(OptionRegistry &registry, MatrixPlanOptions &options);
std::expected<void, Failure> finish(MatrixPlanOptions &options);
int execute(const MatrixPlanOptions &options, const World &world, const Diagnostics &diagnostics);

}  // namespace parley::app
