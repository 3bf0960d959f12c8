// SPDX-License-Identifier: Apache-2.0
//
// A second look at the host's level. A partition can be moved to another machine while its guests run. Linux then
// replaces properties in its device tree (arch/powerpc/platforms/pseries/mobility.c), and a descriptor of a replaced
// property reads no more. LevelWatch therefore keeps the folder open instead of the files. A sandboxed process needs
// the permission to open files below that folder, and no other permission.
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
  /// Watches the cpu nodes of a tree that was read from a folder. Gives none without nodes or without a folder, and an
  /// errno when the folder cannot be opened.
  static std::expected<std::optional<LevelWatch>, int> open(const TreeFacts &tree);

  /// The folder below which look() opens files.
  int folder() const { return folder_.get(); }
  /// The same nodes with their current cpu-versions, without the nodes that are gone. An errno when a node cannot be
  /// read.
  std::expected<std::vector<CpuNode>, int> look() const;

 private:
  LevelWatch(FileDescriptor folder, std::vector<CpuNode> nodes)
      : folder_(std::move(folder)), nodes_(std::move(nodes)) {}

  FileDescriptor folder_;
  std::vector<CpuNode> nodes_;
};

}  // namespace parley::host
