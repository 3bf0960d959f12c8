// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <vector>

#include "parley/base/guest_memory.hpp"
#include "parley/kvm/system.hpp"
#include "parley/machine/ram_files.hpp"

namespace parley::machine {

/// The RAM of one life of a guest: a mapping for each region of the plan, all zero at first.
class GuestRam {
 public:
  static std::expected<GuestRam, kvm::CallError> create(kvm::Kernel &kernel, const guest::MachinePlan &plan,
                                                        const RamFiles &files);

  /// Valid while this object lives, also when it has moved.
  GuestMemory memory() const;
  /// A slot of the VM for each region.
  std::expected<void, kvm::CallError> map_into(kvm::Vm &vm) const;
  /// Puts a segment into memory: whole pages of a file are mapped where the memory is private and the plan does not
  /// want copies; the rest is copied.
  std::expected<void, kvm::CallError> load(const guest::Segment &segment);

 private:
  GuestRam() = default;

  bool copies_images_ = false;
  std::vector<kvm::Mapping> mappings_;
  std::vector<GuestMemory::Region> regions_;
};

}  // namespace parley::machine
