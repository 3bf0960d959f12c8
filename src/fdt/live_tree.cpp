// SPDX-License-Identifier: Apache-2.0
//
// A flattened tree in a buffer with kGrowth spare bytes, which libfdt reads and changes in place.
//
// Offsets into the structure block change with each change of a property, so they cannot name a node to the guest. Each
// node therefore gets a phandle at the start, and each call looks up the node's offset by it. The trees of guests are
// small, a few dozen nodes, and are queried only while the guest boots.
#include "parley/fdt/live_tree.hpp"

#include <libfdt.h>

#include <algorithm>
#include <array>
#include <cassert>

namespace parley::fdt {
namespace {

constexpr std::size_t kMaxPath = 512;

std::uint32_t highest_phandle(const Node &node) {
  const Property *own = node.property("phandle");
  std::uint32_t highest = own != nullptr ? load_be<std::uint32_t>(own->value) : 0;
  for (const Node &child : node.children) highest = std::max(highest, highest_phandle(child));
  return highest;
}

void give_phandles(Node &node, std::uint32_t &next) {
  if (node.property("phandle") == nullptr) node.set_cells("phandle", {next++});
  for (Node &child : node.children) give_phandles(child, next);
}

}  // namespace

LiveTree::LiveTree(const Node &root) {
  Node numbered = root;
  std::uint32_t next = highest_phandle(root) + 1;
  give_phandles(numbered, next);
  const Bytes packed = to_blob(numbered);
  blob_.resize(packed.size() + kGrowth);
  [[maybe_unused]] const int error = fdt_open_into(packed.data(), blob_.data(), static_cast<int>(blob_.size()));
  assert(error == 0);
}

int LiveTree::offset(Phandle node) const { return fdt_node_offset_by_phandle(blob_.data(), node.value); }

std::optional<Phandle> LiveTree::phandle_at(int node_offset) const {
  if (node_offset < 0) return std::nullopt;
  return Phandle{fdt_get_phandle(blob_.data(), node_offset)};
}

std::optional<Phandle> LiveTree::find(std::string_view path) const {
  return phandle_at(fdt_path_offset_namelen(blob_.data(), path.data(), static_cast<int>(path.size())));
}

std::optional<Phandle> LiveTree::parent(Phandle node) const {
  const int at = offset(node);
  return at < 0 ? std::nullopt : phandle_at(fdt_parent_offset(blob_.data(), at));
}

std::optional<Phandle> LiveTree::first_child(Phandle node) const {
  const int at = offset(node);
  return at < 0 ? std::nullopt : phandle_at(fdt_first_subnode(blob_.data(), at));
}

std::optional<Phandle> LiveTree::next_sibling(Phandle node) const {
  const int at = offset(node);
  return at < 0 ? std::nullopt : phandle_at(fdt_next_subnode(blob_.data(), at));
}

std::optional<std::string> LiveTree::path(Phandle node) const {
  const int at = offset(node);
  std::array<char, kMaxPath> buffer;
  if (at < 0 || fdt_get_path(blob_.data(), at, buffer.data(), kMaxPath) != 0) return std::nullopt;
  return std::string(buffer.data());
}

std::optional<std::string> LiveTree::name(Phandle node) const {
  const int at = offset(node);
  if (at < 0) return std::nullopt;
  const std::string full = fdt_get_name(blob_.data(), at, nullptr);
  return full.substr(0, full.find('@'));
}

std::optional<ByteView> LiveTree::property(Phandle node, std::string_view property_name) const {
  const int at = offset(node);
  if (at < 0) return std::nullopt;
  int length = 0;
  const void *value =
      fdt_getprop_namelen(blob_.data(), at, property_name.data(), static_cast<int>(property_name.size()), &length);
  if (value == nullptr) return std::nullopt;
  return ByteView(static_cast<const std::byte *>(value), static_cast<std::size_t>(length));
}

std::optional<std::string> LiveTree::next_property(Phandle node, std::string_view previous) const {
  const int at = offset(node);
  if (at < 0) return std::nullopt;
  bool found = previous.empty();
  int property_offset = 0;
  fdt_for_each_property_offset(property_offset, blob_.data(), at) {
    const char *name = nullptr;
    fdt_getprop_by_offset(blob_.data(), property_offset, &name, nullptr);
    if (found) return std::string(name);
    found = name == previous;
  }
  return found ? std::optional(std::string()) : std::nullopt;
}

bool LiveTree::set_property(Phandle node, std::string_view property_name, ByteView value) {
  const int at = offset(node);
  // Two nodes with the same phandle would make a walk over the tree endless.
  if (at < 0 || property_name == "phandle") return false;
  return fdt_setprop(blob_.data(), at, std::string(property_name).c_str(), value.data(),
                     static_cast<int>(value.size())) == 0;
}

std::size_t LiveTree::room() const {
  // After fdt_open_into() the strings block is the last one; the rest of the buffer is free.
  return blob_.size() - fdt_off_dt_strings(blob_.data()) - fdt_size_dt_strings(blob_.data());
}

Bytes LiveTree::blob() const {
  Bytes packed = blob_;
  fdt_pack(packed.data());
  packed.resize(fdt_totalsize(packed.data()));
  return packed;
}

}  // namespace parley::fdt
