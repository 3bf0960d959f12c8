// SPDX-License-Identifier: Apache-2.0
//
// Reads a device tree from a folder, as Linux shows the host's in /proc/device-tree: a folder for each node, a file for
// each property.
//
// The tree of a host has thousands of properties, and start-up time matters: each file costs an open(2) and a close(2).
// So the caller lists the items that it wants, and only these are opened, by name. A folder is listed only where the
// path has kAnyNode. Every open is relative to the folder above (openat(2)), so the kernel walks one component only.
//
// The folder may also be a user's copy (--host FOLDER), with anything in it. Links are not followed, because one could
// lead out of the tree or back to a node above. Only regular files are read: a FIFO would block.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "parley/base/failure.hpp"
#include "parley/base/file.hpp"
#include "parley/base/try.hpp"
#include "parley/fdt/tree.hpp"

namespace parley::fdt {
namespace {

constexpr std::size_t kMaxPropertySize = 1024 * 1024;

using Folder = std::unique_ptr<DIR, decltype([](DIR *folder) { ::closedir(folder); })>;
using Paths = std::vector<std::string_view>;

FileDescriptor open_below(const FileDescriptor &folder, const std::string &name, int flags) {
  return FileDescriptor(::openat(folder.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags));
}

class Reader {
 public:
  explicit Reader(std::string root) : root_(std::move(root)) {}
  /// `path` is that of the node in the tree; the paths in `wanted` are relative to the node.
  std::expected<Node, TreeError> read_node(const FileDescriptor &folder, const std::string &path,
                                           const Paths &wanted) const;

 private:
  std::expected<void, TreeError> read_child(const FileDescriptor &folder, const std::string &path,
                                            const std::string &name, const Paths &wanted, Node &parent) const;
  std::expected<void, TreeError> read_property(const FileDescriptor &folder, const std::string &path,
                                               const std::string &name, Node &node) const;
  std::expected<std::vector<std::string>, TreeError> list_nodes(const FileDescriptor &folder,
                                                                const std::string &path) const;
  std::unexpected<TreeError> failed(const std::string &path, int error) const {
    return std::unexpected(TreeError{root_ + path, errno_text(error)});
  }

  const std::string root_;
};

std::expected<std::vector<std::string>, TreeError> Reader::list_nodes(const FileDescriptor &folder,
                                                                      const std::string &path) const {
  FileDescriptor again = FileDescriptor::duplicate(folder.get());
  const Folder listed(again ? ::fdopendir(again.get()) : nullptr);
  if (!listed) return failed(path, errno);
  again.release();  // closedir() closes it
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent *entry = ::readdir(listed.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat status {};
    const bool is_folder =
        entry->d_type == DT_UNKNOWN
            ? ::fstatat(folder.get(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode)
            : entry->d_type == DT_DIR;
    if (is_folder) names.emplace_back(name);
  }
  if (errno != 0) return failed(path, errno);
  // The kernel lists nodes in no meaningful order; a stable one makes reports comparable.
  std::ranges::sort(names);
  return names;
}

std::expected<void, TreeError> Reader::read_property(const FileDescriptor &folder, const std::string &path,
                                                     const std::string &name, Node &node) const {
  const FileDescriptor file = open_below(folder, name, 0);
  if (!file && (errno == ENOENT || errno == ELOOP)) return {};
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) return failed(path + "/" + name, errno);
  if (!S_ISREG(status.st_mode)) return {};
  auto value = read_file(file, kMaxPropertySize, static_cast<std::size_t>(status.st_size));
  if (!value) return failed(path + "/" + name, value.error());
  node.properties.push_back({name, std::move(*value)});
  return {};
}

std::expected<void, TreeError> Reader::read_child(const FileDescriptor &folder, const std::string &path,
                                                  const std::string &name, const Paths &wanted, Node &parent) const {
  const std::string below = path + "/" + name;
  const FileDescriptor opened = open_below(folder, name, O_DIRECTORY);
  if (!opened && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return {};
  if (!opened) return failed(below, errno);
  parent.children.push_back(TRY(read_node(opened, below, wanted)));
  return {};
}

std::expected<Node, TreeError> Reader::read_node(const FileDescriptor &folder, const std::string &path,
                                                 const Paths &wanted) const {
  Node node{path.substr(path.rfind('/') + 1), {}, {}};
  for (auto next = wanted.begin(); next != wanted.end();) {
    const std::string_view first = next->substr(0, next->find('/'));
    if (first.size() == next->size()) {
      TRY(read_property(folder, path, std::string(first), node));
      ++next;
      continue;
    }
    Paths below;  // the rest of the adjacent paths that begin with the same node
    for (; next != wanted.end() && next->starts_with(first) && next->substr(first.size()).starts_with('/'); ++next) {
      if (next->size() > first.size() + 1) below.push_back(next->substr(first.size() + 1));
    }
    const auto names = first == kAnyNode ? TRY(list_nodes(folder, path)) : std::vector{std::string(first)};
    for (const std::string &name : names) TRY(read_child(folder, path, name, below, node));
  }
  return node;
}

}  // namespace

std::expected<Node, TreeError> read_directory(const std::filesystem::path &root,
                                              std::span<const std::string_view> wanted) {
  const FileDescriptor opened(::open(root.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  if (!opened) return std::unexpected(TreeError{root.string(), errno_text(errno)});
  return Reader(root.string()).read_node(opened, "", {wanted.begin(), wanted.end()});
}

}  // namespace parley::fdt
