// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "parley/base/bytes.hpp"
#include "parley/base/failure.hpp"
#include "parley/base/level.hpp"

namespace parley::guest {

/// A piece of the guest's initial memory: `content`, then zeros up to `size` bytes.
struct Segment {
  GuestAddress at;
  Bytes content;
  std::uint64_t size = 0;
  friend bool operator==(const Segment &, const Segment &) = default;
};

/// What the guest runs. It is entered in 64-bit real mode with the flattened device tree's address in r3 and zeros in
/// the other registers (the kexec convention of arch/powerpc/kernel/head_64.S).
struct Payload {
  std::string name;
  std::vector<Segment> segments;
  GuestAddress entry;
  bool little_endian = true;

  std::uint64_t end() const;  ///< the first address above all segments
  friend bool operator==(const Payload &, const Payload &) = default;
};

/// The guest that comes with Parley (builtin.S): it says hello, says what it sees, and powers off.
Payload builtin_payload();

/// An ELF file for 64-bit PowerPC of either byte order, its segments at their physical addresses; anything else is a
/// flat binary, loaded at address 0 and entered there in little-endian mode.
std::expected<Payload, Failure> read_payload(Bytes file, const std::string &name);

}  // namespace parley::guest
