// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "parley/base/file_descriptor.hpp"
#include "parley/console/console.hpp"
#include "terminal.hpp"
#include "unix_socket.hpp"

namespace parley::console {

/// What the guest's console is joined to, ready for the loop. Everything in it is ours, so that it may be closed; what
/// shares an open file with others (standard input and output) has kept its flags.
struct Channel {
  Endpoint endpoint;
  std::string place;                            ///< for messages: "standard output", a path
  FileDescriptor in = FileDescriptor();         ///< none where there is no input, or no peer
  FileDescriptor out = FileDescriptor();        ///< none where output is discarded, or no peer
  FileDescriptor pty_slave = FileDescriptor();  ///< held open, so that the master never hangs up
  std::unique_ptr<Listener> listener = {};
  std::unique_ptr<Terminal> terminal = {};

  bool is_socket() const {
    return endpoint.kind == Endpoint::Kind::kUnixServer || endpoint.kind == Endpoint::Kind::kUnixClient;
  }
  /// Whether output waits for a slow reader for ever, and is lost with the last one: nobody else can come.
  bool has_one_reader() const {
    return endpoint.kind == Endpoint::Kind::kStdio || endpoint.kind == Endpoint::Kind::kFile;
  }
};

std::expected<Channel, Failure> open_channel(const Endpoint &endpoint, Standard standard);

}  // namespace parley::console
