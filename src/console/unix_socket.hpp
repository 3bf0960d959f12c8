// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <expected>
#include <memory>
#include <string>

#include "parley/base/failure.hpp"
#include "parley/base/file_descriptor.hpp"

namespace parley::console {

/// A listening socket, open to its owner only (mode 0600). The destructor removes the socket's file, unless another
/// file has replaced it meanwhile.
class Listener {
 public:
  /// Replaces a socket on which no process listens any more, and no other kind of file.
  static std::expected<std::unique_ptr<Listener>, Failure> open(const std::string &path);
  ~Listener();
  Listener(const Listener &) = delete;
  Listener &operator=(const Listener &) = delete;

  int get() const { return socket_.get(); }

 private:
  Listener(FileDescriptor socket, std::string path, const struct stat &file)
      : socket_(std::move(socket)), path_(std::move(path)), file_(file) {}

  FileDescriptor socket_;
  std::string path_;
  struct stat file_;
};

/// Connects as a client.
std::expected<FileDescriptor, Failure> connect_to(const std::string &path);

}  // namespace parley::console
