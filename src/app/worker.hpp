// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <filesystem>
#include <vector>

#include "diagnostics.hpp"
#include "host_source.hpp"
#include "options.hpp"
#include "parley/host/level_watch.hpp"
#include "parley/kvm/kernel.hpp"
#include "parley/matrix/report.hpp"
#include "trial.hpp"

namespace parley::app {

/// Tries cells on this host.
class Worker {
 public:
  Worker(const compat::AssessedHost &host, const Options &options, kvm::Kernel &kernel, const Diagnostics &diagnostics)
      : host_(host), options_(options), kernel_(kernel), diagnostics_(diagnostics) {}

  /// All of them, which may be for this host only.
  std::expected<matrix::Report, Stopped> run(const std::vector<matrix::CellId> &cells) const;
  /// Each of them, leaving its result, or why there is none, in the folder as soon as it has it. Returns the exit code.
  int run_into(const std::filesystem::path &folder, const std::vector<matrix::CellId> &cells) const;

 private:
  struct Prepared {
    TrialGuest guest;
    std::optional<host::LevelWatch> level_watch;
  };
  std::expected<Prepared, Stopped> prepare(const std::vector<matrix::CellId> &cells) const;
  /// The cell's report; none when the host is another one than at first.
  std::expected<matrix::HostReport, Stopped> try_one(const matrix::CellId &cell, const Prepared &prepared) const;

  const compat::AssessedHost &host_;
  const Options &options_;
  kvm::Kernel &kernel_;
  const Diagnostics &diagnostics_;
};

/// Says why there is no result, on standard error and in the folder; bad usage, on standard error only. Returns the
/// exit code.
int give_up(const std::filesystem::path &folder, const std::vector<matrix::CellId> &cells, const Stopped &why,
            const Diagnostics &diagnostics);

}  // namespace parley::app
