// SPDX-License-Identifier: Apache-2.0
#include "unix_socket.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "parley/base/try.hpp"

namespace parley::console {
namespace {

std::unexpected<Failure> cannot_listen(const std::string &path, std::string why, std::string what_to_do) {
  return std::unexpected(Failure{"cannot listen at " + path, std::move(why), std::move(what_to_do)});
}

std::expected<sockaddr_un, Failure> address_of(const std::string &path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path))
    return std::unexpected(Failure{"cannot use the socket " + path,
                                   "its path is longer than the " + std::to_string(sizeof(address.sun_path) - 1) +
                                       " bytes that a socket's may have",
                                   "give a shorter path"});
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

FileDescriptor new_socket() { return FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

// Never waits: where a server's queue is full it says EAGAIN. Returns an errno, or 0.
int connect_socket(const FileDescriptor &socket, const sockaddr_un &address) {
  return ::connect(socket.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0 ? 0 : errno;
}

std::expected<void, Failure> clear_path(const std::string &path, const sockaddr_un &address) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return {};  // bind says what else is wrong with it
  if (!S_ISSOCK(found.st_mode)) return cannot_listen(path, "there is something that is no socket", "give another path");
  const FileDescriptor probe = new_socket();
  const int error = connect_socket(probe, address);
  if (error == 0 || error == EAGAIN)
    return cannot_listen(path, "another program serves it", "give another path, or end that program");
  if (error != ECONNREFUSED && error != ENOENT)
    return cannot_listen(path, "connect: " + errno_text(error), "give another path");
  if (error == ECONNREFUSED && ::unlink(path.c_str()) != 0 && errno != ENOENT)
    return cannot_listen(path, "removing the old socket: " + errno_text(errno), "remove it, or give another path");
  return {};
}

}  // namespace

std::expected<std::unique_ptr<Listener>, Failure> Listener::open(const std::string &path) {
  const sockaddr_un address = TRY(address_of(path));
  TRY(clear_path(path, address));
  FileDescriptor socket = new_socket();
  const auto refused = [&](const char *call) {
    return cannot_listen(path, call + (": " + errno_text(errno)), "give a path in a folder where files may be made");
  };
  if (!socket) return refused("socket");
  // The file that bind makes takes the socket's mode: it is at no time open to others, and the umask stays alone.
  if (::fchmod(socket.get(), 0600) != 0) return refused("fchmod");
  if (::bind(socket.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0) return refused("bind");
  struct stat file {};
  if (::lstat(path.c_str(), &file) != 0) return refused("lstat");
  std::unique_ptr<Listener> listener(new Listener(std::move(socket), path, file));
  if (::listen(listener->get(), 1) != 0) return refused("listen");
  return listener;
}

Listener::~Listener() {
  struct stat now {};
  if (::lstat(path_.c_str(), &now) == 0 && now.st_dev == file_.st_dev && now.st_ino == file_.st_ino)
    ::unlink(path_.c_str());
}

std::expected<FileDescriptor, Failure> connect_to(const std::string &path) {
  const sockaddr_un address = TRY(address_of(path));
  FileDescriptor socket = new_socket();
  const int error = socket ? connect_socket(socket, address) : errno;
  if (error == 0) return socket;
  return std::unexpected(Failure{"cannot connect to " + path, (socket ? "connect: " : "socket: ") + errno_text(error),
                                 "start the program that serves it first, or add \",server=on\" to serve it here"});
}

}  // namespace parley::console
