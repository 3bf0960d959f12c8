// SPDX-License-Identifier: Apache-2.0
#include "parley/session/end_on_signals.hpp"

#include <pthread.h>

#include <stop_token>

#include "parley/base/thread.hpp"

namespace parley::session {
namespace {

sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  struct sigaction hangup = {};
  const bool ignored = sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler == SIG_IGN;
  if (!ignored) sigaddset(&signals, SIGHUP);
  return signals;
}

void wait_for(const sigset_t &signals, Session &session, const std::stop_token &stop) {
  for (;;) {
    int number = 0;
    if (sigwait(&signals, &number) != 0) continue;
    if (stop.stop_requested()) return;
    session.stop(StopSignal{number});
  }
}

}  // namespace

std::expected<EndOnSignals, Failure> EndOnSignals::start(Session &session) {
  const sigset_t signals = ending_signals();
  sigset_t before{};
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  auto thread = start_thread([&session, signals](const std::stop_token &stop) { wait_for(signals, session, stop); });
  if (thread) return EndOnSignals(std::move(*thread), before);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return std::unexpected(cannot_start("a thread for signals", thread.error()));
}

EndOnSignals::~EndOnSignals() {
  if (!thread_.joinable()) return;  // moved from
  thread_.request_stop();
  pthread_kill(thread_.native_handle(), SIGINT);  // ends its sigwait
  thread_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace parley::session
