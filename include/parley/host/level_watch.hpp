// SPDX-License-Identifier: Apache-2.0
//
// A second look at the host's level. A partition may be moved to another machine while its guests run; Linux then puts
// new properties in the place of the old ones in its device tree (arch/powerpc/platforms/pseries/mobility.c), and a
// descriptor of an old one reads no more. So the folder is what is kept open: a process that is locked down needs the
// right to open files below it, and nothing else.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/file_descriptor.hpp"
#include "parley/host/facts.hpp"

namespace parley::host {

class LevelWatch {
 public:
  /// Watches the cpu nodes of a tree that was read from a folder. None where there are no nodes or no folder; an errno
  /// where that cannot be opened.
  static std::expected<std::optional<LevelWatch>, int> open(const TreeFacts &tree);

  /// The folder below which look() opens files.
  int folder() const { return folder_.get(); }
  /// The same nodes, with the cpu-version that each has now; those that have gone are left out. An errno where one
  /// cannot be read.
  std::expected<std::vector<CpuNode>, int> look() const;

 private:
  LevelWatch(FileDescriptor folder, std::vector<CpuNode> nodes)
      : folder_(std::move(folder)), nodes_(std::move(nodes)) {}

  FileDescriptor folder_;
  std::vector<CpuNode> nodes_;
};

}  // namespace parley::host
