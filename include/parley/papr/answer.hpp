// SPDX-License-Identifier: Apache-2.0
//
// The answer of a handler: the status for the guest, and for a few calls an effect on the guest. The loop of the vCPU
// performs the effect after the call. A handler never ends, stops or blocks anything itself.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "parley/devices/vty.hpp"

namespace parley::papr {

/// LoPAR table 14.1, return codes.
enum class Status : std::int64_t {
  kSuccess = 0,
  kNotAvailable = 3,
  kHardware = -1,
  kFunction = -2,  ///< no such hcall
  kParameter = -4,
  kP2 = -55,  ///< the second parameter is bad, and so on
  kP3 = -56,
  kP4 = -57,
  kUnsupportedFlag = -256,
};

/// LoPAR 7.2.8, status word values of RTAS.
enum class RtasStatus : std::int32_t { kSuccess = 0, kHardwareError = -1, kParameterError = -3 };

/// A guest's request to end.
struct Shutdown {
  enum class Kind : std::uint8_t { kPowerOff, kReboot, kPanic } kind = Kind::kPowerOff;
  std::string message;  ///< of a panic (ibm,os-term)
};

/// The action of the vCPU's loop after the call.
struct Effect {
  enum class Kind : std::uint8_t {
    kNone,
    kConsoleFull,  ///< `terminal` had no room for the text: wait for room, then repeat the same call
    kStopCaller,   ///< the calling processor stops until it is started again (stop-self)
    kShutdown,     ///< the guest ends, with `shutdown` as the reason
    kUnknownCall,  ///< no handler exists for the number, token or name
  };
  Kind kind = Kind::kNone;
  devices::Vty *terminal = nullptr;
  std::unique_ptr<Shutdown> shutdown = {};  // a pointer keeps the answer of each call small

  static Effect none() { return {}; }
  static Effect console_full(devices::Vty &vty) { return {Kind::kConsoleFull, &vty}; }
  static Effect stop_caller() { return {Kind::kStopCaller}; }
  static Effect unknown_call() { return {Kind::kUnknownCall}; }
  static Effect shut_down(Shutdown::Kind kind, std::string message = {}) {
    return {Kind::kShutdown, nullptr, std::make_unique<Shutdown>(kind, std::move(message))};
  }
};

/// Writes the whole text to a terminal. If there is no room for it, writes nothing and returns kConsoleFull.
inline Effect write_to(devices::Vty &vty, std::string_view text) {
  return vty.write(text) ? Effect::none() : Effect::console_full(vty);
}

template <typename S>
struct Result {
  Result(S s, Effect e = {}) : status(s), effect(std::move(e)) {}  // NOLINT: a status alone is an answer

  S status;
  Effect effect;
};
using Answer = Result<Status>;          ///< of a hypervisor call
using RtasAnswer = Result<RtasStatus>;  ///< of an RTAS call

}  // namespace parley::papr
