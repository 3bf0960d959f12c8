// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <filesystem>
#include <vector>

#include "diagnostics.hpp"
#include "options.hpp"
#include "parley/kvm/kernel.hpp"
#include "parley/matrix/report.hpp"

namespace parley::app {

/// How a command ended that has no result to show.
struct Stopped {
  int code;
  Failure failure;
};

/// Tries cells on this host.
class Worker {
 public:
  Worker(const compat::Host &host, const Options &options, kvm::Kernel &kernel, const Diagnostics &diagnostics)
      : host_(host), options_(options), kernel_(kernel), diagnostics_(diagnostics) {}

  /// All of them, which may be for this host only.
  std::expected<matrix::Report, Stopped> run(const std::vector<matrix::CellId> &cells) const;
  /// Each by itself, leaving its result, or why there is none, in the folder. A cell that has a result there is not
  /// tried again: a worker that is started once more after its death does what is left. Returns the exit code.
  int run_into(const std::filesystem::path &folder, const std::vector<matrix::CellId> &cells) const;

 private:
  std::expected<void, Stopped> check(const matrix::CellId &cell) const;

  const compat::Host &host_;
  const Options &options_;
  kvm::Kernel &kernel_;
  const Diagnostics &diagnostics_;
};

/// Says why there is no result, on standard error and in the folder. Returns the exit code.
int give_up(const std::filesystem::path &folder, const std::vector<matrix::CellId> &cells, const Stopped &why,
            const Diagnostics &diagnostics);

}  // namespace parley::app
