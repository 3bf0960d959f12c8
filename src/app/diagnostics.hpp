// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "log_level.hpp"
#include "parley/base/failure.hpp"
#include "parley/console/message_writer.hpp"

namespace spdlog {
class logger;
}

namespace parley::app {

/// The messages to the user, on standard error.
class Diagnostics {
 public:
  explicit Diagnostics(LogLevel level);
  /// Reports how many lines standard error did not take, if there are any.
  ~Diagnostics();
  Diagnostics(const Diagnostics &) = delete;
  Diagnostics &operator=(const Diagnostics &) = delete;

  void failure(const Failure &failure) const;
  void warn(const std::string &text) const;
  void info(const std::string &text) const;
  void debug(const std::string &text) const;
  void debug_lines(std::string_view text) const;  ///< one message per line
  void trace(const std::string &text) const;
  bool informs() const;
  bool traces() const;

  /// For the console's event loop, which writes the messages while a guest runs.
  console::MessageWriter &writer() const { return *writer_; }

 private:
  std::unique_ptr<console::MessageWriter> writer_;
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace parley::app
