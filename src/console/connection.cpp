// SPDX-License-Identifier: Apache-2.0
//
// The peers of an endpoint, and their end.
//
// Standard input and output, a file, a pty and a client's socket have their descriptors from the start. A server's
// socket has none until a peer is accepted, and loses them when the peer leaves; then the next peer is accepted. A pty
// always has a descriptor, because its slave is kept open: without any opener, the master would report a hangup.
//
// The two directions of a socket end separately. A script may send its input, close its sending side and still read the
// guest's output; or it may leave before the guest has read the input. So the end of the input alone does not end a
// connection: a watch for a hangup waits for the other direction. The end of the output alone does not end it either:
// the rest of the input is read first.
//
// A pty needs care at the end of the guest. The kernel discards the bytes in transit when the master is closed, so the
// connection looks at the slave every 10 ms until its reader has taken them, for Console::kPatience at most.
#include "connection.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <thread>

namespace parley::console {
namespace {

constexpr std::chrono::seconds kRetry{1};
constexpr std::chrono::milliseconds kLook{10};

}  // namespace

Connection::Connection(asio::io_context &context, std::string name, Channel channel, devices::Vty &vty, Hooks hooks)
    : name_(std::move(name)),
      channel_(std::move(channel)),
      vty_(vty),
      hooks_(std::move(hooks)),
      look_(context),
      peers_(context),
      hangup_(context),
      output_(context, vty,
              {[this](const char *call, int error) { output_broke(call, error); }, [this] { output_finished(); }}),
      input_(context, vty, {[this] { input_ended(); }, [this] { hooks_.quit(); }}) {
  vty_.connect({[this, &context] {
                  asio::post(context, [this] { output_.pump(); });
                  // Otherwise a guest that continues would keep a host's only processor for milliseconds.
                  std::this_thread::yield();
                },
                [this, &context] { asio::post(context, [this] { input_.resume(); }); }});
}

// The terminal's settings and the socket's file are restored here, while the loop still catches the signals that could
// end the process earlier.
Connection::~Connection() {
  vty_.connect({});
  channel_.terminal.reset();
  peers_.close();
  channel_.listener.reset();
}

void Connection::start() {
  if (channel_.endpoint.kind == Endpoint::Kind::kNull) output_.discard(false);
  announce();
  if (channel_.out) attach();
  if (channel_.listener) listen();
}

void Connection::announce() const {
  if (channel_.pty_slave) hooks_.news(name_ + " is " + channel_.place);
  if (channel_.listener)
    hooks_.news(name_ + " is at " + channel_.place + (waits_for_peer() ? ", waiting for a peer" : ""));
}

void Connection::process_continued() {
  if (!channel_.terminal) return;
  channel_.terminal->make_raw();
  input_.resume();
}

void Connection::attach() {
  output_is_broken_ = false;
  input_is_over_ = false;
  output_.attach(channel_.out.get(), channel_.has_one_reader());
  if (channel_.in) input_.attach(channel_.in.get(), channel_.terminal.get());
}

void Connection::listen() {
  if (peers_.open(channel_.listener->get(), EPOLLIN) == 0) return accept();
  peers_.pause(kRetry, [this] { listen(); });
}

void Connection::accept() {
  peers_.wait([this] {
    FileDescriptor peer(::accept4(channel_.listener->get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    FileDescriptor both = peer ? FileDescriptor::duplicate(peer.get()) : FileDescriptor();
    // Too many open files is a lasting state, and the next peer may be queued already: do not try again at once.
    if (!both) return peers_.pause(kRetry, [this] { accept(); });
    channel_.out = std::move(peer);
    channel_.in = std::move(both);
    hooks_.news("a peer came to " + channel_.place);
    attach();
    hooks_.peer_came();
  });
}

void Connection::output_broke(const char *call, int error) {
  if (channel_.is_socket()) {
    output_is_broken_ = true;
    output_.detach();
    if (input_is_over_) peer_left();
    return;
  }
  output_.discard(true);
  hooks_.lost(Failure{"cannot write the guest's output to " + channel_.place, call + (": " + errno_text(error)),
                      "the guest was ended; keep the reader open, or make room on the disk"});
}

// A peer that has closed its sending side may still read, and bytes of a peer that has left may still be unread. It has
// left when both directions have ended.
void Connection::input_ended() {
  if (!channel_.is_socket()) return;
  input_is_over_ = true;
  if (output_is_broken_ || hangup_.open(channel_.out.get(), 0) != 0) return peer_left();
  hangup_.wait([this] { peer_left(); });
}

void Connection::peer_left() {
  hangup_.close();
  input_.detach();
  output_.detach();
  channel_.in.reset();
  channel_.out.reset();
  hooks_.news("the peer left " + channel_.place);
  if (channel_.listener) accept();
}

void Connection::output_finished() {
  if (last_look_) return;
  last_look_ = std::chrono::steady_clock::now() + Console::kPatience;
  if (channel_.pty_slave && output_.has_reader()) return let_pty_be_read();
  hooks_.finished();
}

// Closing a pty's master discards all bytes in transit. A socket or pipe keeps them for the reader.
void Connection::let_pty_be_read() {
  pollfd unread{channel_.pty_slave.get(), POLLIN, 0};
  if (std::chrono::steady_clock::now() > *last_look_ || ::poll(&unread, 1, 0) <= 0) return hooks_.finished();
  look_.expires_after(kLook);
  look_.async_wait([this](const error_code &error) {
    if (!error) let_pty_be_read();
  });
}

}  // namespace parley::console
