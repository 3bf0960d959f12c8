// SPDX-License-Identifier: Apache-2.0
//
// Carries the lines of a MessageWriter to standard error, on the event loop, without ever blocking it.
#pragma once

#include <functional>
#include <string>

#include "parley/console/message_writer.hpp"
#include "watch.hpp"

namespace parley::console {

class MessageOutput {
 public:
  /// `finished` is called once, after finish(): all lines are written, or the reader is absent.
  MessageOutput(asio::io_context &context, MessageWriter &writer, std::function<void()> finished);
  ~MessageOutput();
  MessageOutput(const MessageOutput &) = delete;
  MessageOutput &operator=(const MessageOutput &) = delete;

  void finish();

 private:
  void pump();
  void wait();
  void write_some();
  void gather();
  void expect_progress();
  void tell_finished();

  MessageWriter &writer_;
  std::function<void()> finished_;
  Watch writable_;
  asio::steady_timer patience_;
  bool waiting_ = false;    ///< for the descriptor to become ready
  bool gathering_ = false;  ///< more lines to write in one call; nothing is pending then
  bool finishing_ = false;
  std::string pending_;  ///< taken and not yet written
};

}  // namespace parley::console
