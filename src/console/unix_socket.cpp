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
    return std::unexpected(Failure{
        "cannot use the socket " + path,
        "the path is longer than " + std::to_string(sizeof(address.sun_path) - 1) + " bytes, the limit for a socket",
        "give a shorter path"});
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

FileDescriptor new_socket() { return FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

// Never waits: if the server's queue is full, the result is EAGAIN. Returns an errno, or 0.
int connect_socket(const FileDescriptor &socket, const sockaddr_un &address) {
  return ::connect(socket.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0 ? 0 : errno;
}

std::expected<void, Failure> clear_path(const std::string &path, const sockaddr_un &address) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return {};  // bind() reports any other problem
  if (!S_ISSOCK(found.st_mode)) return cannot_listen(path, "the file there is not a socket", "give another path");
  const FileDescriptor probe = new_socket();
  const int error = connect_socket(probe, address);
  if (error == 0 || error == EAGAIN)
    return cannot_listen(path, "another program listens there", "give another path, or end that program");
  if (error != ECONNREFUSED && error != ENOENT)
    return cannot_listen(path, "connect: " + errno_text(error), "give another path");
  if (error == ECONNREFUSED && ::unlink(path.c_str()) != 0 && errno != ENOENT)
    return cannot_listen(path, "unlink: " + errno_text(errno), "remove it, or give another path");
  return {};
}

}  // namespace

std::expected<std::unique_ptr<Listener>, Failure> Listener::open(const std::string &path) {
  const sockaddr_un address = TRY(address_of(path));
  TRY(clear_path(path, address));
  FileDescriptor socket = new_socket();
  const auto refused = [&](const char *call) {
    return cannot_listen(path, call + (": " + errno_text(errno)), "give a path in a folder that you may write to");
  };
  if (!socket) return refused("socket");
  // bind() gives the new file the socket's mode, so it is at no time open to other users, and the umask stays as it is.
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
                                 "start the program that listens there first, or add \",server=on\" to listen here"});
}

}  // namespace parley::console
