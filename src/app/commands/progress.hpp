// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "app/diagnostics.hpp"
#include "parley/executor/worker.hpp"

namespace parley::app {

/// Shows the cell that is being tried in one line, which is overwritten, if standard error is a terminal. With --quiet
/// it shows nothing.
class Progress {
 public:
  /// `settings` gets a reference to this object.
  Progress(executor::WorkerSettings &settings, const Diagnostics &diagnostics);
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

 private:
  void show(const matrix::CellId &cell, std::size_t number, std::size_t total) const;

  bool is_shown_;
};

}  // namespace parley::app
