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
///
/// Images are copied into private memory too where KVM's hypervisor shadows the guest's page tables (nested API v1 of
/// Linux). A page of a mapped file is read-only until its first store. If that is a stcx. instruction, the hypervisor
/// drops its shadow entry (__kvmhv_nested_page_fault) and lets the guest retry. A processor that checks the reservation
/// before the page, as QEMU's emulation does, then never stores: the lwarx maps the page read-only again.
struct MemoryBacking {
  bool shared = false;                               ///< a memfd
  bool huge = false;                                 ///< a memfd of huge pages from the host's pool
  std::optional<std::string> folder = std::nullopt;  ///< a file there: on tmpfs, or on hugetlbfs for huge pages
  bool copies_images = false;                        ///< for private memory; shared memory always does
  bool is_shared() const { return shared || huge || folder; }
  friend bool operator==(const MemoryBacking &, const MemoryBacking &) = default;
};

}  // namespace parley::guest
