// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "parley/base/failure.hpp"

namespace parley::console {

/// Where a guest terminal is connected to.
struct Endpoint {
  enum class Kind { kStdio, kNull, kPty, kUnixServer, kUnixClient, kFile };

  Kind kind = Kind::kStdio;
  std::string path = {};  ///< of the socket or the file
  bool wait = false;      ///< the guest starts when the first peer has connected (kUnixServer)

  bool operator==(const Endpoint &) const = default;
};

/// Parses QEMU's values of -serial: "stdio" and "mon:stdio", "null" and "none", "pty", "file:PATH",
/// "unix:PATH[,server[=on|off]][,wait[=on|off]|,nowait]". As in QEMU, a socket without "server" is a client, and a
/// server waits by default.
std::expected<Endpoint, Failure> parse_endpoint(std::string_view text);

}  // namespace parley::console
