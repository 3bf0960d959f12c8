// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "parley/sandbox/sandbox.hpp"

namespace parley::sandbox {

/// A condition on one argument of a call.
struct Condition {
  unsigned argument;
  std::uint64_t mask;  ///< which of its bits count
  std::uint64_t value;
};

/// One permission.
struct Rule {
  int call;         ///< the number that the machine has for it that compiles the filters
  unsigned kinds;   ///< bit(Kind) of each
  const char *why;  ///< what it is needed for
  std::optional<Condition> condition;
  std::optional<Condition> and_also{};  ///< where one is not enough
};

constexpr unsigned bit(Kind kind) { return 1u << static_cast<unsigned>(kind); }

/// All that is allowed.
std::span<const Rule> rules();

// asm/ioctls.h, which differs by architecture as little else does. On POWER the C library's macros for the first two do
// not even compile: they name the kernel's struct termios, of 44 bytes.
#ifdef PARLEY_FOR_POWER
inline constexpr unsigned kGetTerminal = 0x402c7413;     // TCGETS
inline constexpr unsigned kSetTerminal = 0x802c7414;     // TCSETS
inline constexpr unsigned kGetForeground = 0x40047477;   // TIOCGPGRP
inline constexpr unsigned kSetNonBlocking = 0x8004667e;  // FIONBIO
#else
inline constexpr unsigned kGetTerminal = 0x5401;
inline constexpr unsigned kSetTerminal = 0x5402;
inline constexpr unsigned kGetForeground = 0x540f;
inline constexpr unsigned kSetNonBlocking = 0x5421;
#endif

/// Stand in the compiled filters for what is known only when the program runs: the process's id, and the folder of
/// Openings::readable_below. Where there is none, the comparison with it never holds.
inline constexpr std::uint32_t kOwnProcess = 0x7fff5049;
inline constexpr std::uint32_t kReadableFolder = 0x7fff5246;

}  // namespace parley::sandbox
