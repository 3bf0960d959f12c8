// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "channel.hpp"
#include "dispositions.hpp"
#include "input.hpp"
#include "output.hpp"
#include "parley/console/console.hpp"
#include "watch.hpp"

namespace parley::console {

class Console::Core {
 public:
  Core(Channel channel, devices::Vty &vty, Events events);
  ~Core();

  void run();
  void finish();
  void abandon();
  std::uint64_t dropped() const { return output_.dropped(); }
  std::uint64_t dropped_input() const { return input_.dropped(); }

 private:
  template <typename... Parameters, typename... Arguments>
  static void tell(const std::function<void(Parameters...)> &event, Arguments &&...arguments) {
    if (event) event(std::forward<Arguments>(arguments)...);
  }
  void start();
  void ready();
  void tick();
  void wait_for_signal();
  void attach();
  void listen();
  void accept();
  void output_broke(const char *call, int error);
  void input_ended();
  void peer_left();
  void finished();
  void let_pty_be_read();

  // Asio leaves signals at their default action.
  Dispositions dispositions_{SIGINT, SIGTERM, SIGHUP, SIGCONT, SIGPIPE};
  Channel channel_;
  devices::Vty &vty_;
  Events events_;
  asio::io_context context_{1};
  asio::signal_set signals_{context_};
  asio::steady_timer tick_{context_};
  asio::steady_timer look_{context_};
  Watch peers_{context_};
  Watch hangup_{context_};
  Output output_;
  Input input_;
  bool started_guest_ = false;
  bool finishing_ = false;
  bool output_is_broken_ = false;  ///< of the peer who is there
  bool input_is_over_ = false;     ///< of the peer who is there
  std::optional<std::chrono::steady_clock::time_point> last_look_ = {};
};

}  // namespace parley::console
