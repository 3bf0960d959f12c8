// SPDX-License-Identifier: Apache-2.0
#include "diagnostics.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/sink.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>

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

bool wants_colours() {
  // https://no-color.org: set and not empty
  const char *no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  return ::isatty(STDERR_FILENO) != 0 && spdlog::details::os::is_color_terminal();
}

const char *colour_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace:
      return "\033[37m";  // white
    case spdlog::level::debug:
      return "\033[36m";  // cyan
    case spdlog::level::info:
      return "\033[32m";  // green
    case spdlog::level::warn:
      return "\033[33m\033[1m";  // yellow, bold
    default:
      return "\033[31m\033[1m";  // red, bold
  }
}

// spdlog's own sinks write under a lock. A thread that waits for the reader there would block the others, and with them
// the event loop.
class WriterSink final : public spdlog::sinks::sink {
 public:
  explicit WriterSink(console::MessageWriter &writer) : writer_(writer), coloured_(wants_colours()) {}

  void log(const spdlog::details::log_msg &message) override { writer_.write(format(message)); }
  void flush() override {}
  void set_pattern(const std::string &pattern) override {
    set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern));
  }
  void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override { formatter_ = std::move(formatter); }

 private:
  std::string format(const spdlog::details::log_msg &message) {
    const std::lock_guard lock(mutex_);
    spdlog::memory_buf_t buffer;
    formatter_->format(message, buffer);
    std::string line(buffer.data(), buffer.size());
    if (!coloured_) return line;
    line.insert(message.color_range_end, "\033[m");
    return line.insert(message.color_range_start, colour_of(message.level));
  }

  console::MessageWriter &writer_;
  const bool coloured_;
  std::mutex mutex_;  // of the formatter, which keeps state
  std::unique_ptr<spdlog::formatter> formatter_;
};

}  // namespace

Diagnostics::Diagnostics(LogLevel level)
    : writer_(std::make_unique<console::MessageWriter>()),
      logger_(std::make_shared<spdlog::logger>("parley", std::make_shared<WriterSink>(*writer_))) {
  logger_->set_level(level_of(level));
  logger_->set_pattern("%^parley:%$ %v");
}

Diagnostics::~Diagnostics() {
  if (const auto lines = writer_->dropped(); lines != 0)
    warn("standard error did not take all messages; lines dropped: " + std::to_string(lines));
}

void Diagnostics::failure(const Failure &failure) const { logger_->error(trim(report::failure_text(failure))); }
void Diagnostics::warn(const std::string &text) const { logger_->warn(text); }
void Diagnostics::info(const std::string &text) const { logger_->info(text); }
void Diagnostics::debug(const std::string &text) const { logger_->debug(text); }
void Diagnostics::debug_lines(std::string_view text) const {
  for (const auto line : split(text, '\n')) logger_->debug(line);
}
void Diagnostics::trace(const std::string &text) const { logger_->trace(text); }
bool Diagnostics::informs() const { return logger_->should_log(spdlog::level::info); }
bool Diagnostics::traces() const { return logger_->should_log(spdlog::level::trace); }

}  // namespace parley::app
