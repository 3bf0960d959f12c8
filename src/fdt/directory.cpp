// SPDX-License-Identifier: Apache-2.0
//
// A device tree from a folder. A big host has thousands of properties, and each costs an open and a close: what is not
// wanted is not opened, and what is, is opened beside its folder and not from the root.
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
constexpr int kMaxDepth = 32;

using Folder = std::unique_ptr<DIR, decltype([](DIR *folder) { ::closedir(folder); })>;

struct Entry {
  std::string name;
  EntryKind kind;
};

class Reader {
 public:
  Reader(std::string root, const Wanted &wanted) : root_(std::move(root)), wanted_(wanted) {}
  /// `path` is the node's inside the tree.
  std::expected<Node, TreeError> read_node(FileDescriptor opened, const std::string &path, int depth) const;

 private:
  std::expected<std::vector<Entry>, TreeError> list(DIR &folder, const std::string &path) const;
  std::expected<Bytes, TreeError> read_property(FileDescriptor opened, const std::string &path) const;
  std::unexpected<TreeError> failed(const std::string &path, int error) const {
    return std::unexpected(TreeError{root_ + path, errno_text(error)});
  }

  const std::string root_;
  const Wanted &wanted_;
};

std::expected<std::vector<Entry>, TreeError> Reader::list(DIR &folder, const std::string &path) const {
  std::vector<Entry> entries;
  for (;;) {
    errno = 0;
    const dirent *found = ::readdir(&folder);
    if (found == nullptr) break;
    const std::string_view name = found->d_name;
    unsigned char type = found->d_type;
    struct stat status {};
    if (type == DT_UNKNOWN && ::fstatat(::dirfd(&folder), found->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
      type = static_cast<unsigned char>(IFTODT(status.st_mode));
    // Links are not followed: the kernel makes none inside the tree, and one could lead out of it or round in a circle.
    if ((type != DT_REG && type != DT_DIR) || name == "." || name == "..") continue;
    // drivers/of/kobj.c lets only root read these; nothing here needs them.
    if (type == DT_REG && name.starts_with("security-")) continue;
    entries.push_back({std::string(name), type == DT_DIR ? EntryKind::kNode : EntryKind::kProperty});
  }
  if (errno != 0) return failed(path, errno);
  // The kernel lists nodes in no order that means anything; a stable one makes reports comparable.
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

std::expected<Bytes, TreeError> Reader::read_property(FileDescriptor opened, const std::string &path) const {
  if (!opened) return failed(path, errno);
  auto value = read_file(opened, kMaxPropertySize);
  if (!value) return failed(path, value.error());
  return std::move(*value);
}

std::expected<Node, TreeError> Reader::read_node(FileDescriptor opened, const std::string &path, int depth) const {
  if (depth > kMaxDepth) return std::unexpected(TreeError{root_ + path, "folders are nested too deeply"});
  const Folder folder(opened ? ::fdopendir(opened.get()) : nullptr);
  if (!folder) return failed(path, errno);
  opened.release();  // it is the folder's now
  Node node{path.substr(path.rfind('/') + 1), {}, {}};
  for (const Entry &entry : TRY(list(*folder, path))) {
    const std::string below = path + "/" + entry.name;
    const bool wanted = wanted_(below, entry.kind);
    if (!wanted && entry.kind == EntryKind::kNode) node.children.push_back({entry.name, {}, {}});
    if (!wanted) continue;
    FileDescriptor found(::openat(::dirfd(folder.get()), entry.name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (entry.kind == EntryKind::kNode) {
      node.children.push_back(TRY(read_node(std::move(found), below, depth + 1)));
    } else {
      node.properties.push_back({entry.name, TRY(read_property(std::move(found), below))});
    }
  }
  return node;
}

}  // namespace

std::expected<Node, TreeError> read_directory(const std::filesystem::path &root, const Wanted &wanted) {
  FileDescriptor opened(::open(root.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  return Reader(root.string(), wanted).read_node(std::move(opened), "", 0);
}

}  // namespace parley::fdt
