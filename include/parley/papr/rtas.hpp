// SPDX-License-Identifier: Apache-2.0
//
// Run-time abstraction services (LoPAR chapter 7), called through the hcall H_RTAS with the address of an argument
// block in big-endian cells: token, nargs, nret, the arguments, then room for the results, of which the first is the
// status.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "parley/papr/context.hpp"

namespace parley::papr {

/// LoPAR 7.2.8, status word values.
enum class RtasStatus : std::int32_t { kSuccess = 0, kParameterError = -3 };

struct RtasEntry {
  std::uint32_t token;
  std::string_view name;  ///< also the property of the /rtas node that carries the token
  std::uint32_t arguments;
  std::uint32_t results;  ///< with the status
  RtasStatus (*handle)(Context &, std::span<const std::uint32_t> arguments);
};

std::span<const RtasEntry> rtas_calls();
/// Performs the call whose argument block is at `block`. False when the block does not lie in RAM or is malformed; the
/// guest then has no status to read.
bool dispatch_rtas(Context &context, GuestAddress block);

}  // namespace parley::papr
