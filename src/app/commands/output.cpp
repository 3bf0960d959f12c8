// SPDX-License-Identifier: Apache-2.0
#include "app/commands/output.hpp"

#include <unistd.h>

#include <span>

#include "parley/app/app.hpp"
#include "parley/base/file.hpp"

namespace parley::app {

int print_result(const std::string &text, int code, const Diagnostics &diagnostics) {
  const auto written = write_all(STDOUT_FILENO, std::as_bytes(std::span(text)));
  if (written) return code;
  diagnostics.failure({"cannot write to standard output", errno_text(written.error()),
                       "check that the reader of the pipe still runs, or that the disk has room"});
  return kFailure;
}

}  // namespace parley::app
