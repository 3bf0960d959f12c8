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

/// An opened endpoint, ready for the loop. It owns all its descriptors. Descriptors that share an open file description
/// with other processes (standard input and output) have kept their flags.
struct Channel {
  Endpoint endpoint;
  std::string place;                            ///< for messages: "standard output", a path
  FileDescriptor in = FileDescriptor();         ///< none without input or without a peer
  FileDescriptor out = FileDescriptor();        ///< none where output is discarded, or without a peer
  FileDescriptor pty_slave = FileDescriptor();  ///< kept open, so that the master never hangs up
  std::unique_ptr<Listener> listener = {};
  std::unique_ptr<Terminal> terminal = {};

  bool is_socket() const {
    return endpoint.kind == Endpoint::Kind::kUnixServer || endpoint.kind == Endpoint::Kind::kUnixClient;
  }
  /// Output waits for a slow reader without limit, and is lost when the reader goes: no other reader can come.
  bool has_one_reader() const {
    return endpoint.kind == Endpoint::Kind::kStdio || endpoint.kind == Endpoint::Kind::kFile;
  }
};

std::expected<Channel, Failure> open_channel(const Endpoint &endpoint, Standard standard);

}  // namespace parley::console
