// SPDX-License-Identifier: Apache-2.0
//
// Tries the cells of a matrix on this host, one after the other. The results are one report (run), or a file for each
// cell in a folder (run_into), so that a worker that dies loses one cell only. The host's level is read again after
// each cell: if the host was migrated meanwhile, the cell says nothing about either host, and the worker ends.
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "parley/executor/trial.hpp"
#include "parley/kvm/kernel.hpp"
#include "parley/matrix/report.hpp"
#include "parley/session/host_watch.hpp"

namespace parley::executor {

/// Why cells have no result.
struct NoResult {
  enum class Cause {
    kFailure,
    kWrongGuest,  ///< the cell is for another guest than the worker has: wrong usage
    kOtherHost,   ///< the cell is for another host, or the host has changed
  };
  Cause cause;
  Failure failure;
};

struct WorkerSettings {
  TrialGuest guest;
  std::vector<std::string> notes;  ///< for the report
  /// Before each cell; `number` counts from 1. May be empty.
  std::function<void(const matrix::CellId &, std::size_t number, std::size_t total)> on_cell = {};
  /// Each failure of run_into() and give_up(), when it happens. May be empty.
  std::function<void(const Failure &)> on_failure = {};
};

class Worker {
 public:
  /// `settings` must outlive it.
  Worker(const compat::AssessedHost &host, const WorkerSettings &settings, kvm::Kernel &kernel)
      : host_(host), settings_(settings), kernel_(kernel) {}

  /// All cells, which must be cells of this host.
  std::expected<matrix::Report, NoResult> run(const std::vector<matrix::CellId> &cells) const;
  /// Writes each cell's result to the folder as soon as it is known; for the cells that it cannot try, the reason.
  std::expected<void, NoResult::Cause> run_into(const std::filesystem::path &folder,
                                                const std::vector<matrix::CellId> &cells) const;

 private:
  using Watch = std::optional<session::HostWatch>;

  std::expected<Watch, NoResult> prepare(const std::vector<matrix::CellId> &cells) const;
  std::expected<matrix::HostReport, NoResult> try_one(const matrix::CellId &cell, Watch &watch) const;

  const compat::AssessedHost &host_;
  const WorkerSettings &settings_;
  kvm::Kernel &kernel_;
};

/// Reports a failure, and writes it to the folder for each of the cells; for wrong usage it is only reported.
void give_up(const std::filesystem::path &folder, const std::vector<matrix::CellId> &cells, const NoResult &why,
             const std::function<void(const Failure &)> &on_failure);

}  // namespace parley::executor
