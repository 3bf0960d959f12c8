// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "app/diagnostics.hpp"
#include "parley/app/app.hpp"

namespace parley::app {

class OptionRegistry;

struct InspectOptions {
  bool json = false;
  std::optional<std::string> host;  ///< where the facts come from instead of from this machine
};

void add_options(OptionRegistry &registry, InspectOptions &options);
int execute(const InspectOptions &options, const World &world, const Diagnostics &diagnostics);

}  // namespace parley::app
