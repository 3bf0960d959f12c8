// SPDX-License-Identifier: Apache-2.0
//
// Flattened device trees (Devicetree Specification 0.4, chapter 5): from a blob to a Node and back.
//
// A blob has a header, a list of reserved memory, a block of structure and a block of strings. The structure block is a
// sequence of 32-bit tags: FDT_BEGIN_NODE with the node's name, FDT_PROP with a length, the offset of the property's
// name in the strings block and the value, FDT_END_NODE, all padded to 4 bytes.
//
// Blobs come from files that a user names, so a blob may be malformed on purpose. libfdt checks it (fdt_check_full),
// but version 1.6 misses two things that are checked here before: a property length that makes it loop, and formats
// that are too old. Afterwards the depth of nodes is limited, because they are read by recursion.
#include <libfdt.h>

#include <algorithm>
#include <cassert>
#include <optional>

#include "parley/base/try.hpp"
#include "parley/fdt/tree.hpp"

namespace parley::fdt {
namespace {

// Real device trees have a few levels of nodes. A deeper blob is broken or hostile.
constexpr int kMaxDepth = 32;
// All writers since 2005 produce this version or a later one (Devicetree Specification 0.4, 5.2). In older ones libfdt
// 1.6 dereferences a null pointer where the root has no name.
constexpr std::uint32_t kOldestVersion = 16;

TreeError libfdt_error(std::string where, int code) { return {std::move(where), fdt_strerror(code)}; }

// True where the length of a property exceeds the whole blob. libfdt 1.6 adds the length as a signed number: from 2 GiB
// on it moves backwards, reads earlier tags again, and with 0xfffffff4 never ends. It detects all other errors itself.
bool has_endless_property(ByteView blob) {
  const ByteView structure = blob.subspan(std::min<std::size_t>(fdt_off_dt_struct(blob.data()), blob.size()));
  std::size_t at = 0;
  const auto word = [&]() -> std::optional<std::uint32_t> {
    if (structure.size() < sizeof(std::uint32_t) || at > structure.size() - sizeof(std::uint32_t)) return std::nullopt;
    return load_be<std::uint32_t>(structure.subspan(at).first<sizeof(std::uint32_t)>());
  };
  while (const auto tag = word()) {
    at += sizeof *tag;
    if (*tag == FDT_BEGIN_NODE) {
      while (at < structure.size() && structure[at] != std::byte{0}) ++at;
      ++at;
    } else if (*tag == FDT_PROP) {
      const auto length = word();
      if (!length) return false;
      if (*length > fdt_totalsize(blob.data())) return true;
      at += sizeof(struct fdt_property) - sizeof *tag + *length;
    } else if (*tag != FDT_END_NODE && *tag != FDT_NOP) {
      return false;
    }
    at = (at + 3) / 4 * 4;
  }
  return false;
}

std::expected<Node, TreeError> parse_node(const void *blob, int offset, const std::string &path, int depth) {
  if (depth > kMaxDepth) return std::unexpected(TreeError{path, "nodes are nested too deeply"});
  int length = 0;
  const char *name = fdt_get_name(blob, offset, &length);
  if (name == nullptr) return std::unexpected(libfdt_error(path, length));
  Node node{name, {}, {}};

  int property_offset = 0;
  fdt_for_each_property_offset(property_offset, blob, offset) {
    const char *property_name = nullptr;
    const void *value = fdt_getprop_by_offset(blob, property_offset, &property_name, &length);
    if (value == nullptr) return std::unexpected(libfdt_error(path, length));
    const auto *bytes = static_cast<const std::byte *>(value);
    node.properties.push_back({property_name, Bytes(bytes, bytes + length)});
  }

  int child_offset = 0;
  fdt_for_each_subnode(child_offset, blob, offset) {
    const std::string child_path = path + "/" + fdt_get_name(blob, child_offset, nullptr);
    node.children.push_back(TRY(parse_node(blob, child_offset, child_path, depth + 1)));
  }
  return node;
}

// The bytes of a node in the structure block (Devicetree Specification 0.4, 5.4), and of its properties' names in the
// strings block, where each use of a name has its own copy.
std::size_t size_of(const Node &node) {
  const auto aligned = [](std::size_t size) { return (size + 3) / 4 * 4; };
  std::size_t size = 2 * FDT_TAGSIZE + aligned(node.name.size() + 1);
  for (const Property &property : node.properties)
    size += sizeof(struct fdt_property) + aligned(property.value.size()) + property.name.size() + 1;
  for (const Node &child : node.children) size += size_of(child);
  return size;
}

// libfdt's sequential writer fails only where the buffer is too small, or where it is called out of order.
int write_node(void *blob, const Node &node) {
  if (const int error = fdt_begin_node(blob, node.name.c_str())) return error;
  for (const Property &property : node.properties) {
    const int error =
        fdt_property(blob, property.name.c_str(), property.value.data(), static_cast<int>(property.value.size()));
    if (error != 0) return error;
  }
  for (const Node &child : node.children) {
    if (const int error = write_node(blob, child)) return error;
  }
  return fdt_end_node(blob);
}

int write_tree(Bytes &blob, const Node &root, const std::vector<Reservation> &reservations) {
  void *buffer = blob.data();
  // Sharing equal names means to search all earlier names for each one; this took longer than all the rest.
  const int size = static_cast<int>(blob.size());
  if (const int error = fdt_create_with_flags(buffer, size, FDT_CREATE_FLAG_NO_NAME_DEDUP)) return error;
  for (const Reservation &reservation : reservations) {
    if (const int error = fdt_add_reservemap_entry(buffer, reservation.at, reservation.size)) return error;
  }
  if (const int error = fdt_finish_reservemap(buffer)) return error;
  if (const int error = write_node(buffer, root)) return error;
  return fdt_finish(buffer);
}

}  // namespace

std::expected<Node, TreeError> parse_blob(ByteView blob) {
  if (blob.size() < sizeof(fdt_header)) return std::unexpected(TreeError{"/", "too short for a device tree blob"});
  if (const int error = fdt_check_header(blob.data())) return std::unexpected(libfdt_error("/", error));
  if (fdt_version(blob.data()) < kOldestVersion)
    return std::unexpected(TreeError{
        "/", "version " + std::to_string(fdt_version(blob.data())) + ", older than " + std::to_string(kOldestVersion)});
  if (has_endless_property(blob)) return std::unexpected(TreeError{"/", "a property is longer than the blob"});
  if (const int error = fdt_check_full(blob.data(), blob.size())) return std::unexpected(libfdt_error("/", error));
  return parse_node(blob.data(), 0, "", 0);
}

Bytes to_blob(const Node &root, const std::vector<Reservation> &reservations) {
  // The header, the reservations, the one that ends their list, and padding to the size of one.
  const std::size_t before = sizeof(fdt_header) + (reservations.size() + 2) * sizeof(fdt_reserve_entry);
  Bytes blob(before + size_of(root) + FDT_TAGSIZE);
  [[maybe_unused]] const int error = write_tree(blob, root, reservations);
  assert(error == 0);
  blob.resize(fdt_totalsize(blob.data()));
  return blob;
}

}  // namespace parley::fdt
