// SPDX-License-Identifier: Apache-2.0
//
// The loop's life, from the first signal to the last byte.
//
// Construction: SIGPIPE is ignored and the other signals are caught. They stay pending until run(), so a signal during
// the start of a guest is not lost, and no file stays behind.
//
// run(): Each connection starts. When every endpoint that waits has had a peer, on_ready lets the guest start.
//
// finish(): The guest has ended, so no further output comes. Each connection writes its rest and reports its end, and
// so does the output of messages. The last report stops the loop. Signals are still heard: a reader that stopped
// reading must not keep Parley alive.
//
// abandon(): The loop stops at once. Each connection writes as much as its reader takes without waiting.
//
// Destruction: Terminals and socket files are restored first, while signals are still caught. Then the signals get
// their former actions. The last messages are written after that, because this write may block.
//
// The guest's threads call finish(), abandon() and the callbacks of a Vty. All of these only post work to the loop, so
// no other state needs a lock.
#include "loop.hpp"

#include <csignal>
#include <numeric>

namespace parley::console {
namespace {

constexpr std::chrono::seconds kTick{1};

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Console::Loop::Loop(Events events, MessageWriter *messages)
    : queueing_(messages), events_(std::move(events)), messages_(messages) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that is gone is EPIPE
  error_code ignored;             // add() refuses only numbers that are no signals
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCONT})
    if (signal != SIGHUP || !is_ignored(SIGHUP)) signals_.add(signal, ignored);
  if (messages_ != nullptr) message_output_.emplace(context_, *messages_, [this] { one_finished(); });
}

void Console::Loop::add(std::string name, Channel channel, devices::Vty &vty) {
  connections_.push_back(
      std::make_unique<Connection>(context_, std::move(name), std::move(channel), vty, hooks_of_next()));
  waits_.push_back(connections_.back()->waits_for_peer());
}

Connection::Hooks Console::Loop::hooks_of_next() {
  const std::size_t index = connections_.size();
  return {.news = [this](const std::string &line) { tell(events_.on_news, line); },
          .lost = [this](const Failure &failure) { tell(events_.on_lost, failure); },
          .quit = [this] { tell(events_.on_quit); },
          .peer_came = [this, index] { peer_came(index); },
          .finished = [this] { one_finished(); }};
}

void Console::Loop::run() {
  if (messages_ != nullptr) messages_->set_taking(true);
  start();
  try {
    context_.run();
  } catch (...) {  // out of memory: the guest's output must not be lost with it
    give_up();
    throw;
  }
  give_up();
}

void Console::Loop::finish() {
  asio::post(context_, [this] {
    finishing_ = true;
    unfinished_ = connections_.size() + (message_output_ ? 1 : 0);
    if (unfinished_ == 0) return context_.stop();
    if (message_output_) message_output_->finish();
    for (const auto &connection : connections_) connection->finish();
  });
}

void Console::Loop::abandon() {
  asio::post(context_, [this] { context_.stop(); });
}

std::uint64_t Console::Loop::dropped() const {
  return std::accumulate(connections_.begin(), connections_.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto &connection) { return sum + connection->dropped(); });
}

std::uint64_t Console::Loop::dropped_input() const {
  return std::accumulate(connections_.begin(), connections_.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto &connection) { return sum + connection->dropped_input(); });
}

void Console::Loop::start() {
  wait_for_signal();
  tick();
  for (const auto &connection : connections_) connection->start();
  // Posted, so that a finish() that was called before run() comes first.
  asio::post(context_, [this] { let_guest_start(); });
}

void Console::Loop::peer_came(std::size_t connection) {
  waits_[connection] = false;
  let_guest_start();
}

void Console::Loop::let_guest_start() {
  if (finishing_ || started_guest_ || std::ranges::find(waits_, true) != waits_.end()) return;
  started_guest_ = true;
  tell(events_.on_ready);
}

void Console::Loop::tick() {
  tick_.expires_after(kTick);
  tick_.async_wait([this](const error_code &error) {
    if (error) return;
    tell(events_.on_tick);
    for (const auto &connection : connections_) connection->check_foreground();
    tick();
  });
}

void Console::Loop::wait_for_signal() {
  signals_.async_wait([this](const error_code &error, int signal) {
    if (error) return;
    if (signal != SIGCONT) tell(events_.on_signal, signal);
    if (signal == SIGCONT)
      for (const auto &connection : connections_) connection->process_continued();
    wait_for_signal();
  });
}

void Console::Loop::one_finished() {
  if (--unfinished_ != 0) return;
  finished_ = true;
  context_.stop();
}

void Console::Loop::give_up() {
  for (const auto &connection : connections_) connection->give_up();
  if (messages_ == nullptr) return;
  messages_->set_taking(false);
  if (!finished_) messages_->hurry();
}

}  // namespace parley::console
