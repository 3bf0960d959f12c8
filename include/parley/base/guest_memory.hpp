// SPDX-License-Identifier: Apache-2.0
//
// The guest's RAM as the VMM sees it: one or several regions of guest addresses, each a mapping of this process.
//
// RAM is copied, never borrowed. The guest runs meanwhile and may change any byte between two reads, so a handler reads
// an argument once and checks its copy; a pointer into RAM would invite a second read. There is one bounds check, in
// this class, for the whole VMM. Its arithmetic does not overflow for any address and length, as both come from the
// guest.
//
// Most guests have one region at address 0, and all accesses to the first region take the short way. Regions that touch
// are one range to the guest: an access may cross from one into the next, and is then copied in pieces. An access that
// touches a hole fails as a whole.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "parley/base/bytes.hpp"
#include "parley/base/level.hpp"

namespace parley {

/// A view: it owns neither the mappings nor the list of regions.
class GuestMemory {
 public:
  struct Region {
    GuestAddress at;
    std::span<std::byte> bytes;
  };

  /// One region that starts at guest address 0.
  explicit GuestMemory(std::span<std::byte> ram) : first_{GuestAddress{0}, ram} {}
  /// Regions sorted by address. None where the list is empty or a region is empty, overlaps the next, or ends beyond
  /// the last address.
  static std::optional<GuestMemory> over(std::span<const Region> regions);

  /// True where all of [at, at + length) lies in RAM; also for an empty range at the end of a region.
  bool contains(GuestAddress at, std::uint64_t length) const {
    return first_contains(at, length) || (!others_.empty() && regions_contain(at, length));
  }

  /// Both return false, and copy nothing, unless the whole range lies in RAM.
  [[nodiscard]] bool read(GuestAddress at, std::span<std::byte> into) const;
  [[nodiscard]] bool write(GuestAddress at, ByteView from);

 private:
  GuestMemory(Region first, std::span<const Region> others) : first_(first), others_(others) {}

  bool first_contains(GuestAddress at, std::uint64_t length) const {
    const std::uint64_t offset = at.value - first_.at.value;  // huge where `at` lies below the region
    return offset <= first_.bytes.size() && length <= first_.bytes.size() - offset;
  }
  std::span<std::byte> in_first(GuestAddress at, std::uint64_t length) const {
    return first_.bytes.subspan(at.value - first_.at.value, length);
  }
  bool regions_contain(GuestAddress at, std::uint64_t length) const;
  std::span<std::byte> piece(GuestAddress at, std::uint64_t length) const;

  Region first_;
  std::span<const Region> others_;
};

}  // namespace parley
