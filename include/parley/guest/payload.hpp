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

/// Where a program lies that is linked at 0 and relocates itself, as with QEMU (hw/ppc/spapr.c, KERNEL_LOAD_ADDR): at 0
/// it would copy its interrupt vectors over itself.
inline constexpr GuestAddress kProgramAddress{0x400000};

/// What the guest runs, and where it is entered, in 64-bit real mode.
struct Payload {
  std::string name;
  std::vector<Segment> segments;
  GuestAddress entry;
  /// How it is entered. Firmware enters programs big-endian (LoPAR B.5; ePAPR 1.1, 5.4), and so are ELF files of either
  /// byte order; a flat binary is entered little-endian.
  bool little_endian = true;
  bool relocates_itself = false;  ///< a program that is linked at 0, and no Linux

  std::uint64_t end() const;  ///< the first address above all segments
  friend bool operator==(const Payload &, const Payload &) = default;
};

/// The guest that comes with Parley (builtin.S): it says hello, says what it sees, and powers off.
Payload builtin_payload();

/// An ELF file for 64-bit PowerPC of either byte order, its segments at their physical addresses, or from
/// kProgramAddress on where it is linked at 0 and relocates itself; anything else is a flat binary, loaded at address 0
/// and entered there. An ELF file that no machine starts with (a program of an operating system, a library, a kernel
/// module) is refused by what it is.
std::expected<Payload, Failure> read_payload(SharedBytes file, const std::string &name);

/// A Linux kernel, or another program: an ELF file as above. What else people have at hand (zImage, compressed files,
/// other machines' kernels) is refused by its name.
std::expected<Payload, Failure> read_kernel(const SharedBytes &file, const std::string &name);

}  // namespace parley::guest
