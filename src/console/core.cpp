// SPDX-License-Identifier: Apache-2.0
//
// One thread, one loop, and four who know nothing of each other: Channel is what the guest's console is joined to,
// Output and Input carry bytes, and Core below joins them. The guest's threads come in through asio::post only, by way
// of the two callbacks of the Vty.
//
// Who may go away? Whoever holds standard output or a file is the only reader there will ever be: without him the guest
// has no reason to run. Whoever comes to a pty or a socket comes and goes; his going is news and no failure.
#include "core.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <csignal>
#include <thread>

namespace parley::console {
namespace {

constexpr std::chrono::seconds kTick{1};
constexpr std::chrono::milliseconds kLook{10};

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Console::Core::Core(Channel channel, devices::Vty &vty, Events events)
    : channel_(std::move(channel)),
      vty_(vty),
      events_(std::move(events)),
      output_(context_, vty,
              {[this](const char *call, int error) { output_broke(call, error); }, [this] { finished(); }}),
      input_(context_, vty, {[this] { input_ended(); }, [this] { tell(events_.on_quit); }}) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader who is gone is EPIPE
  error_code ignored;             // it complains of numbers that are no signals
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCONT})
    if (signal != SIGHUP || !is_ignored(SIGHUP)) signals_.add(signal, ignored);
  vty_.connect({[this] {
                  asio::post(context_, [this] { output_.pump(); });
                  // A guest that goes on keeps a host's only processor for milliseconds.
                  std::this_thread::yield();
                },
                [this] { asio::post(context_, [this] { input_.resume(); }); }});
}

Console::Core::~Core() {
  vty_.connect({});
  // What must not stay behind goes while the signals that could end us before are still caught.
  channel_.terminal.reset();
  peers_.close();
  channel_.listener.reset();
}

void Console::Core::run() {
  start();
  try {
    context_.run();
  } catch (...) {  // memory ran out: what the guest has written shall not be lost with it
    output_.give_up();
    throw;
  }
  output_.give_up();
}

void Console::Core::finish() {
  asio::post(context_, [this] {
    finishing_ = true;
    output_.finish();
  });
}

void Console::Core::abandon() {
  asio::post(context_, [this] { context_.stop(); });
}

void Console::Core::start() {
  wait_for_signal();
  tick();
  using Kind = Endpoint::Kind;
  const Kind kind = channel_.endpoint.kind;
  if (kind == Kind::kNull) output_.discard(false);
  if (kind == Kind::kPty) tell(events_.on_news, "the guest's console is " + channel_.place);
  if (channel_.out) attach();
  if (kind == Kind::kUnixServer) {
    tell(events_.on_news,
         "the guest's console is at " + channel_.place + (channel_.endpoint.wait ? ", waiting for a peer" : ""));
    listen();
  }
  // Behind a finish() that was called before.
  if (!channel_.endpoint.wait) asio::post(context_, [this] { ready(); });
}

void Console::Core::ready() {
  if (finishing_ || started_guest_) return;
  started_guest_ = true;
  tell(events_.on_ready);
}

void Console::Core::tick() {
  tick_.expires_after(kTick);
  tick_.async_wait([this](const error_code &error) {
    if (error) return;
    tell(events_.on_tick);
    input_.resume();  // a shell brings a running job to the foreground without a signal
    tick();
  });
}

void Console::Core::wait_for_signal() {
  signals_.async_wait([this](const error_code &error, int signal) {
    if (error) return;
    if (signal != SIGCONT) tell(events_.on_signal, signal);
    if (signal == SIGCONT && channel_.terminal) {
      channel_.terminal->make_raw();
      input_.resume();
    }
    wait_for_signal();
  });
}

void Console::Core::attach() {
  output_is_broken_ = false;
  input_is_over_ = false;
  output_.attach(channel_.out.get(), channel_.has_one_reader());
  if (channel_.in) input_.attach(channel_.in.get(), channel_.terminal.get());
}

void Console::Core::listen() {
  if (peers_.open(channel_.listener->get(), EPOLLIN) == 0) return accept();
  peers_.pause(kTick, [this] { listen(); });
}

void Console::Core::accept() {
  peers_.wait([this] {
    FileDescriptor peer(::accept4(channel_.listener->get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    FileDescriptor both = peer ? FileDescriptor::duplicate(peer.get()) : FileDescriptor();
    // Too many open files is nothing that passes at once, and the next one is there already.
    if (!both) return peers_.pause(kTick, [this] { accept(); });
    channel_.out = std::move(peer);
    channel_.in = std::move(both);
    tell(events_.on_news, "a peer came to " + channel_.place);
    attach();
    ready();
  });
}

void Console::Core::output_broke(const char *call, int error) {
  if (channel_.is_socket()) {
    output_is_broken_ = true;
    output_.detach();
    if (input_is_over_) peer_left();
    return;
  }
  output_.discard(true);
  tell(events_.on_lost,
       Failure{"cannot write the guest's output to " + channel_.place, call + (": " + errno_text(error)),
               "the guest was ended; give it a reader that stays, or room on the disk"});
}

// A peer who writes no more may still read, and what one wrote who is gone may still be read: he has left when neither
// is so.
void Console::Core::input_ended() {
  if (!channel_.is_socket()) return;
  input_is_over_ = true;
  if (output_is_broken_ || hangup_.open(channel_.out.get(), 0) != 0) return peer_left();
  hangup_.wait([this] { peer_left(); });
}

void Console::Core::peer_left() {
  hangup_.close();
  input_.detach();
  output_.detach();
  channel_.in.reset();
  channel_.out.reset();
  tell(events_.on_news, "the peer left " + channel_.place);
  if (channel_.listener) accept();
}

void Console::Core::finished() {
  if (last_look_) return;
  last_look_ = std::chrono::steady_clock::now() + Console::kPatience;
  if (channel_.pty_slave && output_.somebody_reads()) return let_pty_be_read();
  context_.stop();
}

// To close a pty's master is to throw away what is on its way through it; a socket or pipe keeps that for the reader.
void Console::Core::let_pty_be_read() {
  pollfd unread{channel_.pty_slave.get(), POLLIN, 0};
  if (std::chrono::steady_clock::now() > *last_look_ || ::poll(&unread, 1, 0) <= 0) return context_.stop();
  look_.expires_after(kLook);
  look_.async_wait([this](const error_code &error) {
    if (!error) let_pty_be_read();
  });
}

}  // namespace parley::console
