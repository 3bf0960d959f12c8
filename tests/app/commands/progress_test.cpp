// SPDX-License-Identifier: Apache-2.0
#include "app/commands/progress.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <unistd.h>

#include <string>

#include "executor/cells.hpp"

namespace parley::app {
namespace {

using parley::testing::cell;
using parley::testing::kPower10;

// Announces one cell, as a worker does.
void show_progress(LogLevel level) {
  const Diagnostics diagnostics(level);
  executor::WorkerSettings settings;
  const Progress progress(settings, diagnostics);
  if (settings.on_cell) settings.on_cell(cell(kPower10), 1, 1);
}

// The text that a terminal shows.
std::string on_a_terminal(LogLevel level) {
  int master = -1;
  int terminal = -1;
  if (::openpty(&master, &terminal, nullptr, nullptr, nullptr) != 0) return "no terminal";
  const int saved = ::dup(STDERR_FILENO);
  ::dup2(terminal, STDERR_FILENO);
  show_progress(level);
  ::dup2(saved, STDERR_FILENO);
  std::string text(4096, '\0');
  std::size_t length = 0;
  // One write may arrive in several reads.
  for (pollfd ready{master, POLLIN, 0}; ::poll(&ready, 1, 100) == 1;)
    length += static_cast<std::size_t>(::read(master, text.data() + length, text.size() - length));
  text.resize(length);
  for (const int fd : {master, terminal, saved}) ::close(fd);
  return text;
}

TEST(Progress, IsShownOnATerminalOnly) {
  EXPECT_EQ(on_a_terminal(LogLevel::kInfo), "\r\x1b[Kparley: cell 1 of 1: power10\r\x1b[K");
  ::testing::internal::CaptureStderr();
  show_progress(LogLevel::kInfo);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(Progress, IsNotShownWithQuiet) { EXPECT_EQ(on_a_terminal(LogLevel::kWarning), ""); }

}  // namespace
}  // namespace parley::app
