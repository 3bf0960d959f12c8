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
  std::uint64_t mask;  ///< the bits that are compared
  std::uint64_t value;
};

/// One permission.
struct Rule {
  int call;         ///< its number on the machine that compiles the filters
  unsigned kinds;   ///< bit(Kind) of each kind that has it
  const char *why;  ///< the need for it
  std::optional<Condition> condition;
  std::optional<Condition> and_also{};
};

constexpr unsigned bit(Kind kind) { return 1u << static_cast<unsigned>(kind); }

/// The whole policy.
std::span<const Rule> rules();

// asm/ioctls.h differs between architectures. On POWER the C library's macros for the first two do not compile, because
// they name the kernel's struct termios (44 bytes).
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

/// Placeholders in the compiled filters for values that are known only at run time: the process's id, and the folder of
/// Openings::readable_below. Without such a folder, the comparison is false.
inline constexpr std::uint32_t kOwnProcess = 0x7fff5049;
inline constexpr std::uint32_t kReadableFolder = 0x7fff5246;

}  // namespace parley::sandbox
