// SPDX-License-Identifier: Apache-2.0
//
// The event loop behind Console: it hears signals, ticks once a second, and serves one Connection per guest terminal.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "connection.hpp"
#include "dispositions.hpp"
#include "message_output.hpp"
#include "parley/console/console.hpp"

namespace parley::console {

class Console::Loop {
 public:
  /// `messages` may be nullptr.
  Loop(Events events, MessageWriter *messages);

  /// Before run(). `name` is for messages: "the guest's console".
  void add(std::string name, Channel channel, devices::Vty &vty);
  void run();
  void finish();
  void abandon();
  std::uint64_t dropped() const;
  std::uint64_t dropped_input() const;

 private:
  template <typename... Parameters, typename... Arguments>
  static void tell(const std::function<void(Parameters...)> &event, Arguments &&...arguments) {
    if (event) event(std::forward<Arguments>(arguments)...);
  }
  Connection::Hooks hooks_of_next();
  void start();
  void peer_came(std::size_t connection);
  void let_guest_start();
  void tick();
  void wait_for_signal();
  void one_finished();
  void give_up();

  /// While it lives, messages are queued.
  class Queueing {
   public:
    explicit Queueing(MessageWriter *messages) : messages_(messages) {
      if (messages_ != nullptr) messages_->attach();
    }
    ~Queueing() {
      if (messages_ != nullptr) messages_->detach();
    }
    Queueing(const Queueing &) = delete;
    Queueing &operator=(const Queueing &) = delete;

   private:
    MessageWriter *messages_;
  };

  // First, so that the last lines are written when signals have their former action again: that write may block.
  Queueing queueing_;
  // Asio leaves signals at their default action.
  Dispositions dispositions_{SIGINT, SIGTERM, SIGHUP, SIGCONT, SIGPIPE};
  Events events_;
  asio::io_context context_{1};
  asio::signal_set signals_{context_};
  asio::steady_timer tick_{context_};
  MessageWriter *const messages_;
  std::optional<MessageOutput> message_output_;
  std::vector<bool> waits_;  ///< by connection: the guest may not start before the first peer
  std::size_t unfinished_ = 0;
  bool finished_ = false;
  bool started_guest_ = false;
  bool finishing_ = false;
  std::vector<std::unique_ptr<Connection>> connections_;  // last, so that they end while signals are still caught
};

}  // namespace parley::console
