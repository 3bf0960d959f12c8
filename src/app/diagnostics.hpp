// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "options.hpp"
#include "parley/base/failure.hpp"

namespace spdlog {
class logger;
}

namespace parley::app {

/// What goes to standard error.
class Diagnostics {
 public:
  explicit Diagnostics(LogLevel level);
  ~Diagnostics();

  void failure(const Failure &failure) const;
  void warn(const std::string &text) const;
  void info(const std::string &text) const;
  void debug(const std::string &text) const;
  void debug_lines(std::string_view text) const;  ///< each line as a message of its own
  void trace(const std::string &text) const;
  bool traces() const;

 private:
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace parley::app
