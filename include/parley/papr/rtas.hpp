// SPDX-License-Identifier: Apache-2.0
//
// Run-time abstraction services (LoPAR chapter 7). A guest calls them through the hcall H_RTAS, with the address of an
// argument block of big-endian cells: token, nargs, nret, the arguments, then room for the results. The first result is
// the status.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "parley/base/bytes.hpp"
#include "parley/papr/context.hpp"

namespace parley::papr {

using RtasArguments = std::span<const std::uint32_t>;
using RtasResults = std::span<std::uint32_t>;  ///< without the status

struct RtasEntry {
  std::uint32_t token;
  std::string_view name;  ///< also the name of the token's property in the /rtas node
  std::uint32_t arguments;
  std::uint32_t results;  ///< including the status
  /// nullptr if KVM answers the call in the kernel.
  RtasAnswer (*handle)(Context &, RtasArguments, RtasResults) = nullptr;
  std::optional<devices::Kind> device = std::nullopt;  ///< announced and answered only if the guest has such a device
};

std::span<const RtasEntry> rtas_calls();
/// Performs the call whose argument block is at `block`. Returns H_PARAMETER if the block is malformed or not in RAM;
/// the block then has no RTAS status.
Answer dispatch_rtas(Context &context, GuestAddress block);

/// The code at the entry of RTAS: it passes the argument block in r3 to the hcall H_RTAS, and returns. Big-endian and
/// position-independent.
ByteView rtas_entry_code();

}  // namespace parley::papr
