// SPDX-License-Identifier: Apache-2.0
//
// The groups of options that the commands of the matrix share.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "app/commands/guest_request.hpp"
#include "parley/base/failure.hpp"
#include "parley/compat/target.hpp"
#include "parley/matrix/cell_id.hpp"
#include "parley/report/matrix.hpp"

namespace parley::app {

class OptionRegistry;

/// Which cells there are.
struct LevelOptions {
  std::vector<compat::Target> levels;
  bool force = false;
  matrix::Guest guest = matrix::Guest::kBuiltin;

  struct Texts {
    std::string levels = "power7,power8,power9,power10,power11,raw,0x0f000008,0xffffffff";
    std::string guest = "builtin";
  } texts = {};
};
void add_options(OptionRegistry &registry, LevelOptions &options);
std::expected<void, Failure> finish(LevelOptions &options);

/// How a cell is tried.
struct TrialOptions {
  GuestOptions guest;
  std::chrono::seconds limit{0};
  std::vector<std::string> notes;

  struct Texts {
    std::string memory;
    std::string limit;
  } texts = {};
};
void add_options(OptionRegistry &registry, TrialOptions &options);
std::expected<void, Failure> finish(TrialOptions &options);

/// Where the report goes, and in which form.
struct ReportOptions {
  report::MatrixFormat format = report::MatrixFormat::kText;
  std::optional<std::string> out;      ///< a file instead of standard output
  std::optional<std::string> against;  ///< an earlier report

  struct Texts {
    std::string format;
  } texts = {};
};
void add_options(OptionRegistry &registry, ReportOptions &options);
void add_against_option(OptionRegistry &registry, ReportOptions &options);
std::expected<void, Failure> finish(ReportOptions &options);

}  // namespace parley::app
