// SPDX-License-Identifier: Apache-2.0
#include "parley/app/app.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "app/command_line/parse.hpp"
#include "app/commands/output.hpp"

namespace parley::app {
namespace {

// The parent process may have closed them. Then the first files that Parley opens would take their numbers: messages
// would be written to a guest's NVRAM file, and the guest's output to KVM. A closed stream stays unusable: standard
// output is opened for reading, so that writing to it still fails.
void hold_standard_streams() {
  for (const auto &[stream, flags] :
       {std::pair(STDIN_FILENO, O_WRONLY), {STDOUT_FILENO, O_RDONLY}, {STDERR_FILENO, O_RDWR}}) {
    if (::fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
    if (::open("/dev/null", flags) < 0) ::open("/", O_PATH);  // can be neither read nor written
  }
}

}  // namespace

int run(int argc, const char *const *argv, const World &world) {
  // Writing to a closed pipe then fails with EPIPE, which is reported.
  std::signal(SIGPIPE, SIG_IGN);
  hold_standard_streams();
  const auto parsed = parse_command_line(argc, argv);
  if (!parsed) {
    const Diagnostics diagnostics(LogLevel::kInfo);
    const EarlyExit &early = parsed.error();
    if (!early.failure) return print_result(early.help, kSuccess, diagnostics);
    diagnostics.failure(*early.failure);
    return kUsage;
  }
  const Diagnostics diagnostics(parsed->log_level);
  return parsed->command->execute(parsed->options, world, diagnostics);
}

}  // namespace parley::app
