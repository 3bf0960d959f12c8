// SPDX-License-Identifier: Apache-2.0
#include "parley/fdt/tree.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace parley::fdt {
namespace {

template <typename Items>
auto find_named(Items &items, std::string_view name) -> decltype(items.data()) {
  const auto found = std::ranges::find_if(items, [&](const auto &item) { return item.name == name; });
  return found == items.end() ? nullptr : &*found;
}

}  // namespace

std::string node_name(std::string_view name, std::uint64_t unit) {
  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.begin(), digits.end(), unit, 16).ptr;
  return std::string(name) + "@" + std::string(digits.begin(), end);
}

const Property *Node::property(std::string_view property_name) const { return find_named(properties, property_name); }

const Node *Node::child(std::string_view child_name) const { return find_named(children, child_name); }

std::vector<std::string> Node::texts(std::string_view property_name) const {
  const Property *found = property(property_name);
  if (found == nullptr) return {};
  std::vector<std::string> result;
  std::string current;
  for (const std::byte byte : found->value) {
    if (byte != std::byte{0}) {
      current += static_cast<char>(byte);
      continue;
    }
    result.push_back(std::move(current));
    current.clear();
  }
  if (!current.empty()) result.push_back(std::move(current));
  return result;
}

std::string Node::text(std::string_view property_name) const {
  auto all = texts(property_name);
  return all.empty() ? std::string() : std::move(all.front());
}

void Node::set(std::string_view property_name, Bytes value) {
  if (Property *existing = find_named(properties, property_name)) {
    existing->value = std::move(value);
    return;
  }
  properties.push_back({std::string(property_name), std::move(value)});
}

void Node::set_text(std::string_view property_name, std::string_view value) {
  set_texts(property_name, {std::string(value)});
}

void Node::set_texts(std::string_view property_name, const std::vector<std::string> &values) {
  Bytes bytes;
  for (const std::string &value : values) {
    const auto text = std::as_bytes(std::span(value.c_str(), value.size() + 1));  // with the NUL
    bytes.insert(bytes.end(), text.begin(), text.end());
  }
  set(property_name, std::move(bytes));
}

void Node::set_cells(std::string_view property_name, const std::vector<std::uint32_t> &cells) {
  Bytes bytes(cells.size() * sizeof(std::uint32_t));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    store_be(std::span(bytes).subspan(i * sizeof(std::uint32_t)), cells[i]);
  }
  set(property_name, std::move(bytes));
}

Node &Node::add(std::string child_name) {
  children.push_back({std::move(child_name), {}, {}});
  return children.back();
}

}  // namespace parley::fdt
