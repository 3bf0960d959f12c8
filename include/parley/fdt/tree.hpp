// SPDX-License-Identifier: Apache-2.0
//
// Device trees as values (Devicetree Specification 0.4; LoPAR uses the same trees). A tree is read from a flattened
// blob (a .dtb), or from a folder with a folder for each node and a file for each property, as Linux has it in
// /proc/device-tree. It is written as a blob.
#pragma once

#include <expected>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/bytes.hpp"

namespace parley::fdt {

/// A node's name with its unit address, without leading zeros: "vty@71000000".
std::string node_name(std::string_view name, std::uint64_t unit);

struct Property {
  std::string name;
  Bytes value;  ///< verbatim: cells are big-endian, strings end in NUL
};

struct Node {
  std::string name;  ///< with its unit address ("PowerPC,POWER10@0"); the root's is empty
  std::vector<Property> properties;
  std::vector<Node> children;

  /// nullptr where there is none.
  const Property *property(std::string_view property_name) const;
  const Node *child(std::string_view child_name) const;
  /// The value as text without its final NUL; "" where the property does not exist.
  std::string text(std::string_view property_name) const;
  /// The NUL-separated strings of a list property ("compatible").
  std::vector<std::string> texts(std::string_view property_name) const;

  void set(std::string_view property_name, Bytes value);
  void set_text(std::string_view property_name, std::string_view value);
  /// Each with a final NUL, as texts() reads them.
  void set_texts(std::string_view property_name, const std::vector<std::string> &values);
  void set_cells(std::string_view property_name, const std::vector<std::uint32_t> &cells);
  void set_empty(std::string_view property_name) { set(property_name, {}); }
  Node &add(std::string child_name);
};

struct TreeError {
  std::string where;    ///< the file, or the node inside the blob
  std::string problem;  ///< an errno's name and text, or the message of libfdt
};

std::expected<Node, TreeError> parse_blob(ByteView blob);

/// In a path of read_directory(): all nodes at this place.
inline constexpr std::string_view kAnyNode = "*";
/// Reads the items that `wanted` names: a property ("model", "cpus/*/reg"), or a node without its contents ("rtas/").
/// Paths that begin with the same node must be adjacent. Missing items are left out, and so are links and devices.
std::expected<Node, TreeError> read_directory(const std::filesystem::path &root,
                                              std::span<const std::string_view> wanted);

/// Memory that the reader of a flattened tree must not use.
struct Reservation {
  std::uint64_t at;
  std::uint64_t size;  ///< bytes
};

/// A flattened tree, version 17.
Bytes to_blob(const Node &root, const std::vector<Reservation> &reservations = {});

}  // namespace parley::fdt
