// SPDX-License-Identifier: Apache-2.0
#include "parley/host/level_watch.hpp"

#include <array>
#include <cerrno>

namespace parley::host {

std::expected<std::optional<LevelWatch>, int> LevelWatch::open(const TreeFacts &tree) {
  if (tree.cpus.empty()) return std::nullopt;
  FileDescriptor folder(::open((tree.origin + "/cpus").c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  if (folder) return LevelWatch(std::move(folder), tree.cpus);
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  return std::unexpected(errno);
}

std::expected<std::vector<CpuNode>, int> LevelWatch::look() const {
  std::vector<CpuNode> now;
  for (const CpuNode &before : nodes_) {
    const FileDescriptor file(::openat(folder_.get(), (before.name + "/cpu-version").c_str(), O_RDONLY | O_CLOEXEC));
    if (!file && errno != ENOENT) return std::unexpected(errno);
    if (!file) {
      if (!before.cpu_version) now.push_back(before);  // it had none before
      continue;
    }
    std::array<std::byte, 64> value;  // longer than a valid value, so that a longer property shows
    const ssize_t count = ::pread(file.get(), value.data(), value.size(), 0);
    if (count < 0) return std::unexpected(errno);
    now.push_back({before.name, Bytes(value.begin(), value.begin() + count), before.threads});
  }
  return now;
}

}  // namespace parley::host
