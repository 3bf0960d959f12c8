// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "parley/base/guest_memory.hpp"
#include "parley/devices/vty.hpp"

namespace parley::papr {

/// How a guest wants its life to end.
struct Shutdown {
  enum class Kind : std::uint8_t { kPowerOff, kReboot, kPanic } kind = Kind::kPowerOff;
  std::string message;  ///< of a panic (ibm,os-term)
};

/// All that a handler may touch.
struct Context {
  GuestMemory memory;
  devices::Vty &vty;
  std::optional<Shutdown> shutdown;  ///< set by the handler that ends the guest
  std::uint64_t unknown_calls = 0;   ///< hcalls and RTAS calls that nothing here answers
};

}  // namespace parley::papr
