// SPDX-License-Identifier: Apache-2.0
#include "diagnostics.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <cstdlib>

#include "parley/base/text.hpp"
#include "parley/report/text.hpp"

namespace parley::app {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kTrace:
      break;
  }
  return spdlog::level::trace;
}

spdlog::sink_ptr make_sink() {
  // https://no-color.org: set and not empty
  const char *no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  return std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>();  // colours a terminal only
}

}  // namespace

Diagnostics::Diagnostics(LogLevel level) : logger_(std::make_shared<spdlog::logger>("parley", make_sink())) {
  logger_->set_level(level_of(level));
  logger_->set_pattern("%^parley:%$ %v");
}

Diagnostics::~Diagnostics() = default;

void Diagnostics::failure(const Failure &failure) const { logger_->error(trim(report::failure_text(failure))); }
void Diagnostics::warn(const std::string &text) const { logger_->warn(text); }
void Diagnostics::info(const std::string &text) const { logger_->info(text); }
void Diagnostics::debug(const std::string &text) const { logger_->debug(text); }
void Diagnostics::debug_lines(std::string_view text) const {
  for (const auto line : split(text, '\n')) logger_->debug(line);
}
void Diagnostics::trace(const std::string &text) const { logger_->trace(text); }
bool Diagnostics::traces() const { return logger_->should_log(spdlog::level::trace); }

}  // namespace parley::app
