// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "app/diagnostics.hpp"
#include "parley/app/app.hpp"
#include "parley/compat/target.hpp"

namespace parley::app {

class OptionRegistry;

struct CheckOptions {
  compat::Wish wish;
  std::optional<std::string> host;  ///< where the facts come from instead of from this machine

  struct Texts {
    std::string level;
  } texts = {};
};

void add_options(OptionRegistry &registry, CheckOptions &options);
std::expected<void, Failure> finish(CheckOptions &options);
int execute(const CheckOptions &options, const World &world, const Diagnostics &diagnostics);

}  // namespace parley::app
