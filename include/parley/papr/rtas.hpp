// SPDX-License-Identifier: Apache-2.0
//
// Run-time abstraction services (LoPAR chapter 7), called through the hcall H_RTAS with the address of an argument
// block in big-endian cells: token, nargs, nret, the arguments, then room for the results, of which the first is the
// status.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "parley/base/bytes.hpp"
#include "parley/papr/context.hpp"

namespace parley::papr {

using RtasArguments = std::span<const std::uint32_t>;
using RtasResults = std::span<std::uint32_t>;  ///< behind the status

struct RtasEntry {
  std::uint32_t token;
  std::string_view name;  ///< also the property of the /rtas node that carries the token
  std::uint32_t arguments;
  std::uint32_t results;  ///< with the status
  /// nullptr where KVM answers it in the kernel.
  RtasAnswer (*handle)(Context &, RtasArguments, RtasResults) = nullptr;
  std::optional<devices::Kind> device = std::nullopt;  ///< announced and answered only for a guest with such a device
};

std::span<const RtasEntry> rtas_calls();
/// Performs the call whose argument block is at `block`. H_PARAMETER when the block does not lie in RAM or is
/// malformed: the guest then has no RTAS status to read.
Answer dispatch_rtas(Context &context, GuestAddress block);

/// The code at the entry of RTAS: it makes the hcall H_RTAS with the argument block in r3, and returns. Big-endian,
/// position-independent.
ByteView rtas_entry_code();

}  // namespace parley::papr
