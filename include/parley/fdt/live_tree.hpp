// SPDX-License-Identifier: Apache-2.0
//
// A device tree that a running guest queries and changes through Open Firmware's client interface (IEEE 1275-1994,
// 6.3.2.2). Phandles identify nodes and never change; the properties of a node have a stable order.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "parley/base/strong.hpp"
#include "parley/fdt/tree.hpp"

namespace parley::fdt {

using Phandle = Strong<struct PhandleTag, std::uint32_t>;

class LiveTree {
 public:
  /// Nodes that have no phandle get one.
  explicit LiveTree(const Node &root);

  /// The node at an absolute path ("/vdevice/vty@71000000"). The unit address may be omitted where the name is
  /// unambiguous.
  std::optional<Phandle> find(std::string_view path) const;
  /// None where the node does not exist, or has no such relative: the root has neither parent nor sibling.
  std::optional<Phandle> parent(Phandle node) const;
  std::optional<Phandle> first_child(Phandle node) const;
  std::optional<Phandle> next_sibling(Phandle node) const;
  /// The root's is "/".
  std::optional<std::string> path(Phandle node) const;
  /// Without the unit address: Open Firmware's property "name".
  std::optional<std::string> name(Phandle node) const;

  /// Valid until the next change of the tree.
  std::optional<ByteView> property(Phandle node, std::string_view property_name) const;
  /// The name of the property after `previous`; "" as `previous` gives the first one, and "" is returned after the
  /// last. None where the node or the property does not exist.
  std::optional<std::string> next_property(Phandle node, std::string_view previous) const;
  /// False where the node does not exist, for "phandle", and where the tree would grow by more than kGrowth bytes in
  /// all.
  bool set_property(Phandle node, std::string_view property_name, ByteView value);

  /// The bytes by which the tree may still grow.
  std::size_t room() const;

  /// The tree in flattened form.
  Bytes blob() const;

  static constexpr std::size_t kGrowth = 64 * 1024;

 private:
  int offset(Phandle node) const;
  std::optional<Phandle> phandle_at(int node_offset) const;

  Bytes blob_;
};

}  // namespace parley::fdt
