// SPDX-License-Identifier: Apache-2.0
#include "channel.hpp"

#include <termios.h>

#include <cerrno>
#include <cstdlib>

#include "parley/base/try.hpp"
#include "reopen.hpp"

namespace parley::console {
namespace {

using Kind = Endpoint::Kind;

// Readiness does not last: another process may fill the pipe or read the key before this one does. So the loop uses a
// description of its own with O_NONBLOCK, where it can have one, and never blocks inside a read or write.
FileDescriptor own_description(int fd, int flags) {
  FileDescriptor own = reopen_nonblocking(fd, flags);
  return own ? std::move(own) : FileDescriptor::duplicate(fd);
}

std::expected<Channel, Failure> open_standard(Channel channel, Standard standard) {
  channel.place = "standard output";
  channel.out = own_description(standard.out, O_WRONLY);
  if (!channel.out)
    return std::unexpected(Failure{"cannot write the guest's output to standard output", "fcntl: " + errno_text(errno),
                                   "open standard output, or give -serial none"});
  // A terminal is opened for writing too, so that the help can be shown there.
  channel.in = own_description(standard.in, ::isatty(standard.in) != 0 ? O_RDWR : O_RDONLY);
  if (!channel.in && errno != EBADF)  // EBADF: it is closed, and there is no input
    return std::unexpected(Failure{"cannot read the guest's input from standard input", "fcntl: " + errno_text(errno),
                                   "allow more open files (ulimit -n), or close it"});
  channel.terminal = Terminal::of(channel.in.get());
  return channel;
}

std::expected<Channel, Failure> open_file(Channel channel) {
  channel.place = channel.endpoint.path;
  // O_NONBLOCK: opening a FIFO must not wait for its reader.
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  channel.out = FileDescriptor(::open(channel.place.c_str(), kFlags, 0666));
  if (!channel.out)
    return std::unexpected(Failure{"cannot write the guest's output to " + channel.place, "open: " + errno_text(errno),
                                   "give a file that you may write"});
  return channel;
}

std::expected<Channel, Failure> open_pty(Channel channel) {
  const auto refused = [](const char *call) {
    return std::unexpected(Failure{"cannot make a pty for the guest's console", call + (": " + errno_text(errno)),
                                   "check that /dev/pts is mounted and has room, or give another -serial"});
  };
  channel.out = FileDescriptor(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  const int master = channel.out.get();
  if (master < 0) return refused("posix_openpt");
  if (::grantpt(master) != 0) return refused("grantpt");
  if (::unlockpt(master) != 0) return refused("unlockpt");
  char name[64];
  if (errno = ::ptsname_r(master, name, sizeof name); errno != 0) return refused("ptsname_r");
  channel.place = name;
  channel.pty_slave = FileDescriptor(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!channel.pty_slave) return refused("open");
  termios settings{};
  if (::tcgetattr(channel.pty_slave.get(), &settings) != 0) return refused("tcgetattr");
  ::cfmakeraw(&settings);
  if (::tcsetattr(channel.pty_slave.get(), TCSANOW, &settings) != 0) return refused("tcsetattr");
  channel.in = FileDescriptor::duplicate(master);
  if (!channel.in) return refused("fcntl");
  return channel;
}

std::expected<Channel, Failure> open_socket(Channel channel) {
  channel.place = channel.endpoint.path;
  if (channel.endpoint.kind == Kind::kUnixServer) {
    channel.listener = TRY(Listener::open(channel.place));
    return channel;
  }
  channel.out = TRY(connect_to(channel.place));
  channel.in = FileDescriptor::duplicate(channel.out.get());
  if (!channel.in)
    return std::unexpected(
        Failure{"cannot use " + channel.place, "fcntl: " + errno_text(errno), "allow more open files"});
  return channel;
}

}  // namespace

std::expected<Channel, Failure> open_channel(const Endpoint &endpoint, Standard standard) {
  Channel channel{endpoint, {}};
  switch (endpoint.kind) {
    case Kind::kStdio:
      return open_standard(std::move(channel), standard);
    case Kind::kFile:
      return open_file(std::move(channel));
    case Kind::kPty:
      return open_pty(std::move(channel));
    case Kind::kUnixServer:
    case Kind::kUnixClient:
      return open_socket(std::move(channel));
    case Kind::kNull:
      break;
  }
  return channel;
}

}  // namespace parley::console
