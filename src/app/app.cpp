// SPDX-License-Identifier: Apache-2.0
#include "parley/app/app.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "commands.hpp"
#include "parley/base/file.hpp"

namespace parley::app {
namespace {

// Whoever starts a program may have closed them. What is opened first would take their place: messages would go into a
// guest's NVRAM, and its output to KVM. Where output is closed, writing stays the error that it is: nobody may write to
// a descriptor that is open for reading.
void hold_standard_streams() {
  for (const auto &[stream, flags] :
       {std::pair(STDIN_FILENO, O_WRONLY), {STDOUT_FILENO, O_RDONLY}, {STDERR_FILENO, O_RDWR}}) {
    if (::fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
    if (::open("/dev/null", flags) < 0) ::open("/", O_PATH);  // which takes and gives nothing either
  }
}

}  // namespace

int print_result(const std::string &text, int code, const Diagnostics &diagnostics) {
  const auto written = write_all(STDOUT_FILENO, std::as_bytes(std::span(text)));
  if (written) return code;
  diagnostics.failure({"cannot write to standard output", errno_text(written.error()),
                       "give it a reader that stays, or room on the disk"});
  return kFailure;
}

int run(int argc, const char *const *argv, const World &world) {
  // A reader that has gone away is an error to report, not a reason to die without a word.
  std::signal(SIGPIPE, SIG_IGN);
  hold_standard_streams();
  const auto options = parse_options(argc, argv);
  if (!options) {
    const Diagnostics diagnostics(LogLevel::kInfo);
    const EarlyExit &early = options.error();
    if (!early.failure) return print_result(early.help, kSuccess, diagnostics);
    diagnostics.failure(*early.failure);
    return kUsage;
  }
  const Diagnostics diagnostics(options->log_level);
  switch (options->command) {
    case Command::kInspect:
      return inspect(*options, world, diagnostics);
    case Command::kCheck:
      return check(*options, world, diagnostics);
    case Command::kMatrix:
      return run_matrix(*options, world, diagnostics);
    case Command::kMatrixPlan:
      return plan_matrix(*options, world, diagnostics);
    case Command::kMatrixRun:
      return run_matrix_cells(*options, world, diagnostics);
    case Command::kMatrixMerge:
      return merge_matrix(*options, diagnostics);
    case Command::kDiff:
      return diff(*options, diagnostics);
    case Command::kRun:
      return run_guest(*options, world, diagnostics);
  }
  return kUsage;
}

}  // namespace parley::app
