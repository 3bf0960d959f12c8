// SPDX-License-Identifier: Apache-2.0
//
// Device trees as values. A tree comes from a flattened blob (a .dtb) or from a folder in which each node is a
// folder and each property a file, the way Linux shows its own under /proc/device-tree; it goes out as a blob.
#pragma once

#include <expected>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/bytes.hpp"

namespace parley::fdt {

struct Property {
  std::string name;
  Bytes value;  ///< verbatim: cells are big-endian, strings end in NUL
};

struct Node {
  std::string name;  ///< with its unit address ("PowerPC,POWER10@0"); the root's is empty
  std::vector<Property> properties;
  std::vector<Node> children;

  /// nullptr when there is none.
  const Property *property(std::string_view property_name) const;
  const Node *child(std::string_view child_name) const;
  /// The value as text without its final NUL, "" when there is no such property.
  std::string text(std::string_view property_name) const;
  /// The NUL-separated strings of a list property ("compatible").
  std::vector<std::string> texts(std::string_view property_name) const;

  void set(std::string_view property_name, Bytes value);
  void set_text(std::string_view property_name, std::string_view value);
  /// Each with a NUL behind it, as texts() reads them.
  void set_texts(std::string_view property_name, const std::vector<std::string> &values);
  void set_cells(std::string_view property_name, const std::vector<std::uint32_t> &cells);
  void set_empty(std::string_view property_name) { set(property_name, {}); }
  Node &add(std::string child_name);
};

struct TreeError {
  std::string where;    ///< the file, or the node inside the blob
  std::string problem;  ///< an errno's name and text, or what libfdt said
};

std::expected<Node, TreeError> parse_blob(ByteView blob);

/// In a path of read_directory(): each node there.
inline constexpr std::string_view kAnyNode = "*";
/// Reads what `wanted` names: a property ("model", "cpus/*/reg"), or a node without its contents ("rtas/"). Paths that
/// begin with the same node stand together. What is not there is left out, as are links and devices.
std::expected<Node, TreeError> read_directory(const std::filesystem::path &root,
                                              std::span<const std::string_view> wanted);

/// A piece of memory that a flattened tree asks its reader to leave alone.
struct Reservation {
  std::uint64_t at;
  std::uint64_t size;  ///< bytes
};

/// A flattened tree, version 17.
Bytes to_blob(const Node &root, const std::vector<Reservation> &reservations = {});

}  // namespace parley::fdt
