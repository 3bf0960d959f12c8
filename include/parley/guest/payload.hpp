// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "parley/base/bytes.hpp"
#include "parley/base/failure.hpp"
#include "parley/base/file.hpp"
#include "parley/base/level.hpp"

namespace parley::guest {

/// A piece of the guest's initial memory: a part of a file (or of bytes in memory), then zeros up to `size` bytes.
struct Segment {
  GuestAddress at;
  SharedBytes source;
  std::uint64_t offset = 0;  ///< of the part in the source
  std::uint64_t length = 0;  ///< of the part, bytes
  std::uint64_t size = 0;    ///< in the guest's memory, bytes

  ByteView content() const { return source.view().subspan(offset, length); }
  std::uint64_t end() const { return at.value + size; }
  friend bool operator==(const Segment &, const Segment &);
};

/// All of `source`, at `at`.
Segment whole(SharedBytes source, GuestAddress at);

/// What the guest runs, and where it is entered, in 64-bit real mode.
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
std::expected<Payload, Failure> read_payload(SharedBytes file, const std::string &name);

/// A Linux kernel: an ELF file as above. What else people have at hand (zImage, compressed files, other machines'
/// kernels) is refused by its name.
std::expected<Payload, Failure> read_kernel(const SharedBytes &file, const std::string &name);

}  // namespace parley::guest
