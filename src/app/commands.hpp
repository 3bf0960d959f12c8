// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "diagnostics.hpp"
#include "options.hpp"
#include "parley/app/app.hpp"

namespace parley::app {

/// Each returns the exit code.
int inspect(const Options &options, const World &world, const Diagnostics &diagnostics);
int check(const Options &options, const World &world, const Diagnostics &diagnostics);
int run_matrix(const Options &options, const World &world, const Diagnostics &diagnostics);
int plan_matrix(const Options &options, const World &world, const Diagnostics &diagnostics);
int run_matrix_cells(const Options &options, const World &world, const Diagnostics &diagnostics);
int merge_matrix(const Options &options, const Diagnostics &diagnostics);
int diff(const Options &options, const Diagnostics &diagnostics);
int run_guest(const Options &options, const World &world, const Diagnostics &diagnostics);

/// Writes a result to standard output; the exit code is `code`, or kFailure when it could not be written.
int print_result(const std::string &text, int code, const Diagnostics &diagnostics);

}  // namespace parley::app
