// SPDX-License-Identifier: Apache-2.0
//
// The names of cells. A name contains everything that a worker needs to know:
//
//   host.power11.compat.power10[.api.v2][.kernel.fixed].guest.power9[.linux][.forced]
//        |              |           |            |            |       |       the level is tried even if the policy
//        refuses it |              |           |            |            |       the guest is a Linux |              |
//        |            |            the level that the guest requests |              |           |            a label
//        for hosts that Parley cannot tell apart |              |           the nested API |              the host's
//        level the silicon
//
// The parts in brackets are optional. A host that reports only about itself leaves them out; a plan over many hosts
// needs them to keep its cells apart. A name is also the name of a file, so it contains only letters, digits, '.', '_',
// '-' and
// '+'.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/compat/decide.hpp"

namespace parley::matrix {

/// One kind of host.
struct HostId {
  std::string silicon = "unknown";  ///< a level's name
  std::string level = "unknown";    ///< a level's name
  std::string api;                  ///< "v1", "v2", "bare" (bare metal); empty: any
  std::string kernel;               ///< a label chosen by the user; may be empty
  friend bool operator==(const HostId &, const HostId &) = default;
};

enum class Guest : std::uint8_t { kBuiltin, kLinux };

struct CellId {
  HostId host;
  compat::Target target;
  Guest guest = Guest::kBuiltin;
  bool forced = false;  ///< the kernel is asked even if the policy refuses
  friend bool operator==(const CellId &, const CellId &) = default;
};

/// "host.power11.compat.power10"
std::string name(const HostId &host);
/// "host.power11.compat.power10.guest.power9"
std::string name(const CellId &cell);

/// Reads name(CellId).
std::expected<CellId, Failure> parse_cell(std::string_view name);
/// Reads name(HostId), also without "host.", and "power10" for host.power10.compat.power10.
std::expected<HostId, Failure> parse_host(std::string_view name);

/// The name of this host: its silicon and its level.
HostId host_id(const compat::AssessedHost &host);
/// How this host differs from the intended one; none when it does not. The kernel's label cannot be checked.
std::optional<std::string> mismatch(const HostId &meant, const compat::AssessedHost &host);

}  // namespace parley::matrix
