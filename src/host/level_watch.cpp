// SPDX-License-Identifier: Apache-2.0
#include "parley/host/level_watch.hpp"

#include <array>
#include <cerrno>
#include <span>

namespace parley::host {

std::expected<std::optional<LevelWatch>, int> LevelWatch::open(const TreeFacts &tree) {
  if (tree.cpus.empty()) return std::nullopt;
  FileDescriptor folder(::open((tree.origin + "/cpus").c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  if (folder) return LevelWatch(std::move(folder), tree.cpus);
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  return std::unexpected(errno);
}

std::vector<CpuNode> LevelWatch::look() const {
  std::vector<CpuNode> now;
  for (const CpuNode &before : nodes_) {
    const FileDescriptor file(::openat(folder_.get(), (before.name + "/cpu-version").c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) continue;
    std::array<std::byte, 2 * sizeof(std::uint32_t)> value;  // more than it should have, to see when it has more
    const ssize_t count = ::pread(file.get(), value.data(), value.size(), 0);
    CpuNode node{before.name, std::nullopt, before.threads};
    if (count >= 0) node.cpu_version = Bytes(value.begin(), value.begin() + count);
    now.push_back(std::move(node));
  }
  return now;
}

}  // namespace parley::host
