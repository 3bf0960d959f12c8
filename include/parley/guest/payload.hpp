// SPDX-License-Identifier: Apache-2.0
//
// The payload: the program that the guest runs, as segments of memory and an entry point.
//
// Three kinds of files are accepted. A Linux kernel (vmlinux) is an ELF file that is linked at a high virtual address;
// its physical addresses say where it is loaded. Another ELF program without an operating system may be linked at 0 and
// relocate itself; it is loaded at kProgramAddress. Any other file is a flat binary, loaded and entered at address 0.
// Firmware enters ELF programs in big-endian mode, a flat binary is entered in little-endian mode.
//
// A segment refers to a part of its file and does not copy it. The machine maps whole pages of the file into the
// guest's memory (machine/firmware.hpp), so a large initrd costs no time and no memory.
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

/// A range of the guest's initial memory: a part of a file (or of bytes in memory), then zeros up to `size` bytes.
struct Segment {
  GuestAddress at;
  SharedBytes source;
  std::uint64_t offset = 0;  ///< start of the part in the source, bytes
  std::uint64_t length = 0;  ///< length of the part, bytes
  std::uint64_t size = 0;    ///< length in the guest's memory, bytes

  ByteView content() const { return source.view().subspan(offset, length); }
  std::uint64_t end() const { return at.value + size; }
  friend bool operator==(const Segment &, const Segment &);
};

/// A segment with all of `source` at the address `at`.
Segment whole(SharedBytes source, GuestAddress at);

/// The load address of a program that is linked at 0 and relocates itself, as in QEMU (hw/ppc/spapr.c,
/// KERNEL_LOAD_ADDR). At address 0 the program would overwrite itself when it copies its interrupt vectors there.
inline constexpr GuestAddress kProgramAddress{0x400000};

/// The guest's program. It is entered at `entry`, in 64-bit real mode.
struct Payload {
  std::string name;
  std::vector<Segment> segments;
  GuestAddress entry;
  /// The byte order at the entry. Firmware enters programs in big-endian mode (LoPAR B.5; ePAPR 1.1, 5.4), and Parley
  /// does so for ELF files of both byte orders. A flat binary is entered in little-endian mode.
  bool little_endian = true;
  bool relocates_itself = false;  ///< linked at 0, but not Linux

  std::uint64_t end() const;  ///< the first address above all segments
  friend bool operator==(const Payload &, const Payload &) = default;
};

/// The built-in guest (builtin.S): it prints a greeting, its PVR, its level and its byte order, and powers off.
Payload builtin_payload();

/// Reads an ELF file for 64-bit PowerPC of either byte order, or a flat binary. Refuses an ELF file that cannot start a
/// machine (a program for an operating system, a library, a kernel module); the message names its kind.
std::expected<Payload, Failure> read_payload(SharedBytes file, const std::string &name);

/// Reads a Linux kernel or another ELF program. Refuses every other format (zImage, compressed files, kernels for other
/// machines); the message names the format.
std::expected<Payload, Failure> read_kernel(const SharedBytes &file, const std::string &name);

}  // namespace parley::guest
