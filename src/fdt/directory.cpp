// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <system_error>

#include "parley/base/failure.hpp"
#include "parley/base/file.hpp"
#include "parley/base/try.hpp"
#include "parley/fdt/tree.hpp"

namespace parley::fdt {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxPropertySize = 1024 * 1024;
constexpr int kMaxDepth = 32;

TreeError file_error(const fs::path &path, int error) { return {path.string(), errno_text(error)}; }

std::expected<std::vector<fs::directory_entry>, TreeError> list(const fs::path &folder) {
  std::error_code error;
  std::vector<fs::directory_entry> entries;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    entries.push_back(*entry);
  if (error) return std::unexpected(file_error(folder, error.value()));
  // The kernel lists nodes in no order that means anything; a stable one makes reports comparable.
  std::ranges::sort(entries, {}, [](const fs::directory_entry &entry) { return entry.path(); });
  return entries;
}

std::expected<Node, TreeError> read_node(const fs::path &folder, const std::string &path, const Descend &descend,
                                         int depth) {
  if (depth > kMaxDepth) return std::unexpected(TreeError{folder.string(), "folders are nested too deeply"});
  Node node{path.substr(path.rfind('/') + 1), {}, {}};
  for (const auto &entry : TRY(list(folder))) {
    const std::string name = entry.path().filename().string();
    std::error_code error;
    // Links are not followed: the kernel makes none inside the tree, and one could lead out of it or round in a circle.
    const auto kind = entry.symlink_status(error).type();
    if (kind == fs::file_type::regular) {
      // drivers/of/kobj.c lets only root read these; nothing here needs them.
      if (name.starts_with("security-")) continue;
      auto value = read_file(entry.path(), kMaxPropertySize);
      if (!value) return std::unexpected(file_error(value.error().path, value.error().error));
      node.properties.push_back({name, std::move(*value)});
    } else if (kind == fs::file_type::directory) {
      const std::string child_path = path + "/" + name;
      if (descend(child_path)) {
        node.children.push_back(TRY(read_node(entry.path(), child_path, descend, depth + 1)));
      } else {
        node.children.push_back({name, {}, {}});
      }
    }
  }
  return node;
}

}  // namespace

std::expected<Node, TreeError> read_directory(const fs::path &root, const Descend &descend) {
  return read_node(root, "", descend, 0);
}

}  // namespace parley::fdt
