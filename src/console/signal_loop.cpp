// SPDX-License-Identifier: Apache-2.0
#include "parley/console/signal_loop.hpp"

#include <csignal>
// Boost 1.74's Asio uses std::exchange without it.
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>

namespace parley::console {

namespace asio = boost::asio;

class SignalLoop::Loop {
 public:
  explicit Loop(std::function<void(int)> on_signal) : on_signal_(std::move(on_signal)) { wait(); }

  void run() { context_.run(); }
  void finish() {
    asio::post(context_, [this] { context_.stop(); });
  }

 private:
  void wait() {
    signals_.async_wait([this](const boost::system::error_code &error, int signal) {
      if (error) return;
      on_signal_(signal);
      wait();
    });
  }

  std::function<void(int)> on_signal_;
  asio::io_context context_{1};
  asio::signal_set signals_{context_, SIGINT, SIGTERM, SIGHUP};
};

SignalLoop::SignalLoop(std::function<void(int)> on_signal) : loop_(std::make_unique<Loop>(std::move(on_signal))) {}
SignalLoop::~SignalLoop() = default;
void SignalLoop::run() { loop_->run(); }
void SignalLoop::finish() { loop_->finish(); }

}  // namespace parley::console
