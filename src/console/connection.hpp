// SPDX-License-Identifier: Apache-2.0
//
// One guest terminal and the endpoint that it is connected to. A Connection joins three parts that do not know each
// other: the Channel holds the descriptors of the endpoint, Output and Input carry the bytes. The guest's threads
// reach it through the two callbacks of the Vty only, and these only post work to the event loop.
//
// Readers differ. The reader of standard output or of a file is the only one there will ever be: without it the guest
// has no reason to run, so its loss is a failure. Readers of a pty or a socket come and go; that is news, not a
// failure.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "channel.hpp"
#include "input.hpp"
#include "output.hpp"
#include "parley/console/console.hpp"
#include "watch.hpp"

namespace parley::console {

class Connection {
 public:
  /// All of them are called on the loop's thread.
  struct Hooks {
    std::function<void(const std::string &)> news;
    std::function<void(const Failure &)> lost;  ///< as Events::on_lost
    std::function<void()> quit;
    std::function<void()> peer_came;  ///< once per peer of a socket server
    std::function<void()> finished;   ///< once, after finish(): the output is written, or has no reader
  };

  /// `name` is for messages: "the guest's console". The Vty must outlive the connection.
  Connection(asio::io_context &context, std::string name, Channel channel, devices::Vty &vty, Hooks hooks);
  ~Connection();
  Connection(const Connection &) = delete;
  Connection &operator=(const Connection &) = delete;

  void start();
  /// The guest has ended.
  void finish() { output_.finish(); }
  /// Writes as much as the endpoint takes without waiting, and drops the rest.
  void give_up() { output_.give_up(); }
  /// The process was stopped and continues: the shell has changed the terminal's settings meanwhile.
  void process_continued();
  /// Looks again whether this process is in the terminal's foreground: a shell can change that without a signal.
  void check_foreground() { input_.resume(); }

  bool waits_for_peer() const { return channel_.endpoint.wait; }
  // From any thread
  std::uint64_t dropped() const { return output_.dropped(); }
  std::uint64_t dropped_input() const { return input_.dropped(); }

 private:
  void announce() const;
  void attach();
  void listen();
  void accept();
  void output_broke(const char *call, int error);
  void input_ended();
  void peer_left();
  void output_finished();
  void let_pty_be_read();

  const std::string name_;
  Channel channel_;
  devices::Vty &vty_;
  Hooks hooks_;
  asio::steady_timer look_;
  Watch peers_;
  Watch hangup_;
  Output output_;
  Input input_;
  bool output_is_broken_ = false;  ///< of the present peer
  bool input_is_over_ = false;     ///< of the present peer
  std::optional<std::chrono::steady_clock::time_point> last_look_ = {};
};

}  // namespace parley::console
