// SPDX-License-Identifier: Apache-2.0
#include "app/commands/progress.hpp"

#include <unistd.h>

#include <span>
#include <string>

#include "parley/base/file.hpp"

namespace parley::app {
namespace {

constexpr const char *kClearLine = "\r\x1b[K";

void say(const std::string &text) {
  // A progress line that cannot be written is not worth a message.
  [[maybe_unused]] const auto written = write_all(STDERR_FILENO, std::as_bytes(std::span(text)));
}

}  // namespace

Progress::Progress(executor::WorkerSettings &settings, const Diagnostics &diagnostics)
    : is_shown_(diagnostics.informs() && ::isatty(STDERR_FILENO) != 0) {
  if (!is_shown_) return;
  settings.on_cell = [this](const matrix::CellId &cell, std::size_t number, std::size_t total) {
    show(cell, number, total);
  };
}

Progress::~Progress() {
  if (is_shown_) say(kClearLine);
}

void Progress::show(const matrix::CellId &cell, std::size_t number, std::size_t total) const {
  say(kClearLine + std::string("parley: cell ") + std::to_string(number) + " of " + std::to_string(total) + ": " +
      compat::short_name(cell.target));
}

}  // namespace parley::app
