// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <variant>
#include <vector>

#include "parley/base/failure.hpp"
#include "parley/base/file_descriptor.hpp"
#include "parley/guest/plan.hpp"
#include "parley/kvm/handle.hpp"

namespace parley::machine {

/// The files behind the RAM of a guest with shared memory, one for each region of the plan.
///
/// A file has no name: it is a memfd, or a file created in the folder of the plan and removed at once. Another process
/// gets it as a descriptor. The files are opened once and kept while the guest reboots, as a sandboxed process can open
/// none; each machine empties them before it maps them, so that a new life begins with zeros.
class RamFiles {
 public:
  /// For private memory.
  static const RamFiles &none();
  /// None for private memory. Fails where the folder has too little room, or pages that do not fit the regions.
  static std::expected<RamFiles, Failure> open(kvm::Kernel &kernel, const guest::MachinePlan &plan);

  bool empty() const { return files_.empty(); }
  /// The descriptor of a region's file.
  int fd(std::size_t region) const;

 private:
  std::vector<std::variant<FileDescriptor, kvm::Descriptor>> files_;  // of a folder, or a memfd
};

}  // namespace parley::machine
