// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "parley/base/failure.hpp"

namespace parley::console {

/// Where the guest's console goes.
struct Endpoint {
  enum class Kind { kStdio, kNull, kPty, kUnixServer, kUnixClient, kFile };

  Kind kind = Kind::kStdio;
  std::string path = {};  ///< of the socket or the file
  bool wait = false;      ///< the guest starts when the first peer is there (kUnixServer)

  bool operator==(const Endpoint &) const = default;
};

/// Reads QEMU's spellings of -serial: "stdio" and "mon:stdio", "null" and "none", "pty", "file:PATH",
/// "unix:PATH[,server[=on|off]][,wait[=on|off]|,nowait]". As with QEMU, a socket without "server" is a client's, and a
/// server waits unless told otherwise.
std::expected<Endpoint, Failure> parse_endpoint(std::string_view text);

}  // namespace parley::console
