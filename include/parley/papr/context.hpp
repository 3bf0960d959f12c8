// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "parley/base/guest_memory.hpp"
#include "parley/devices/clock.hpp"
#include "parley/devices/nvram.hpp"
#include "parley/devices/vty.hpp"
#include "parley/papr/partition.hpp"

namespace parley::papr {

class OpenFirmware;

/// How a guest wants its life to end.
struct Shutdown {
  enum class Kind : std::uint8_t { kPowerOff, kReboot, kPanic } kind = Kind::kPowerOff;
  std::string message;  ///< of a panic (ibm,os-term)
};

/// All that a handler may touch when one processor calls. Each processor has its own, as several may call at a time.
struct Context {
  GuestMemory memory;
  devices::Vty &vty;
  devices::Clock &clock;
  devices::Nvram &nvram;
  Partition &partition;
  std::function<void(const std::string &)> trace;  ///< one line per call; may be empty
  VcpuId caller{};                                 ///< the processor
  OpenFirmware *firmware = nullptr;                ///< nullptr for a guest without a client interface

  std::optional<Shutdown> shutdown{};  ///< set by the handler that ends the guest
  bool console_full = false;           ///< set by a handler whose text found no room: the call is to be made again
  std::uint64_t unknown_calls = 0;     ///< calls of any kind that nothing here answers

  void write_console(std::string_view text) {
    if (!vty.write(text)) console_full = true;
  }
};

}  // namespace parley::papr
