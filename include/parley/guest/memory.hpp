// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "parley/base/level.hpp"

namespace parley::guest {

/// A piece of guest RAM. Address and size in multiples of kPageSize.
struct MemoryRegion {
  GuestAddress at;
  std::uint64_t size = 0;  ///< bytes
  friend bool operator==(const MemoryRegion &, const MemoryRegion &) = default;
};

/// The source of guest RAM. Private memory has no descriptor: the kernel may use transparent huge pages, and parts of
/// files are mapped into it. Shared memory is a file per region that other processes can map; images are copied.
struct MemoryBacking {
  bool shared = false;                               ///< a memfd
  bool huge = false;                                 ///< a memfd of huge pages from the host's pool
  std::optional<std::string> folder = std::nullopt;  ///< a file there: on tmpfs, or on hugetlbfs for huge pages
  bool is_shared() const { return shared || huge || folder; }
  friend bool operator==(const MemoryBacking &, const MemoryBacking &) = default;
};

}  // namespace parley::guest
