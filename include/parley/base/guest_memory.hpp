// SPDX-License-Identifier: Apache-2.0
//
// The guest's RAM, seen from outside. It is copied, never borrowed: the guest may rewrite what was just read, so a
// handler reads once and then checks its copy. All accesses go through one bounds check.
#pragma once

#include <cstdint>
#include <span>

#include "parley/base/bytes.hpp"
#include "parley/base/level.hpp"

namespace parley {

/// A view of RAM that starts at guest address 0. It does not own the mapping.
class GuestMemory {
 public:
  explicit GuestMemory(std::span<std::byte> ram) : ram_(ram) {}

  /// True when [at, at + length) lies in RAM; holds for any values, also those whose sum wraps.
  bool contains(GuestAddress at, std::uint64_t length) const {
    return at.value <= ram_.size() && length <= ram_.size() - at.value;
  }

  /// Both return false, and touch nothing, unless the whole range lies in RAM.
  [[nodiscard]] bool read(GuestAddress at, std::span<std::byte> into) const;
  [[nodiscard]] bool write(GuestAddress at, ByteView from);

 private:
  std::span<std::byte> ram_;
};

}  // namespace parley
