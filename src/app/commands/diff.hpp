// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "app/diagnostics.hpp"
#include "parley/app/app.hpp"

namespace parley::app {

class OptionRegistry;

/// Two files with reports.
struct DiffOptions {
  std::string before;
  std::string after;
};

void add_options(OptionRegistry &registry, DiffOptions &options);
/// The exit codes are those of diff(1).
int execute(const DiffOptions &options, const World &world, const Diagnostics &diagnostics);

}  // namespace parley::app
