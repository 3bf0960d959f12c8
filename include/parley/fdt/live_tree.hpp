// SPDX-License-Identifier: Apache-2.0
//
// A device tree that is asked and changed while its guest runs, as Open Firmware serves it (IEEE 1275-1994, 6.3.2.2):
// nodes go by their phandles, which never change, and properties come one after the other in an order that stays.
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

  /// The node at an absolute path ("/vdevice/vty@71000000"); the unit address may be left out where that is
  /// unambiguous.
  std::optional<Phandle> find(std::string_view path) const;
  /// Each is nothing where there is no such node; the root has neither parent nor peer.
  std::optional<Phandle> parent(Phandle node) const;
  std::optional<Phandle> first_child(Phandle node) const;
  std::optional<Phandle> next_sibling(Phandle node) const;
  /// The root's is "/".
  std::optional<std::string> path(Phandle node) const;
  /// Without the unit address: what Open Firmware serves as the property "name".
  std::optional<std::string> name(Phandle node) const;

  /// Valid until the tree is changed.
  std::optional<ByteView> property(Phandle node, std::string_view property_name) const;
  /// The property behind `previous`, the first one behind ""; "" behind the last one. Nothing where there is no such
  /// node or property.
  std::optional<std::string> next_property(Phandle node, std::string_view previous) const;
  /// False where there is no such node, or no room (the tree may grow by kGrowth bytes in all), and for "phandle".
  bool set_property(Phandle node, std::string_view property_name, ByteView value);

  /// How much the tree may still grow, bytes.
  std::size_t room() const;

  /// As a flattened tree.
  Bytes blob() const;

  static constexpr std::size_t kGrowth = 64 * 1024;

 private:
  int offset(Phandle node) const;
  std::optional<Phandle> phandle_at(int node_offset) const;

  Bytes blob_;
};

}  // namespace parley::fdt
