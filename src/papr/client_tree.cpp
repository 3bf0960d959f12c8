// SPDX-License-Identifier: Apache-2.0
//
// Client services for the device tree (IEEE 1275-1994, 6.3.2.1).
#include "client_handlers.hpp"

namespace parley::papr::client {
namespace {

constexpr std::size_t kMaxPropertyName = 64;  // bytes
constexpr std::uint32_t kMaxProperty = 2048;  // bytes, for a property that the guest sets
constexpr std::uint32_t kReserve = 4096;      // bytes of the tree, reserved for a negotiation

}  // namespace

namespace {

ServiceResults phandle_or(std::optional<Phandle> node, std::uint32_t otherwise) {
  return {node ? node->value : otherwise};
}

// Copies as much as fits. The result is the full length, so the caller can detect that its buffer was too small.
ServiceResults answer(Context &context, Buffer buffer, ByteView bytes) {
  const auto fitting = bytes.first(std::min<std::size_t>(bytes.size(), buffer.length));
  if (!context.memory.write(buffer.at, fitting)) return {kError};
  return {static_cast<std::uint32_t>(bytes.size())};
}

ServiceResults answer_text(Context &context, Buffer buffer, const std::optional<std::string> &text) {
  if (!text) return {kError};
  return answer(context, buffer, std::as_bytes(std::span(text->c_str(), text->size() + 1)));
}

}  // namespace

ServiceResults finddevice(Context &context, const std::string &path) {
  return phandle_or(context.firmware->tree().find(path), kError);
}
ServiceResults child(Context &context, Phandle node) {
  return phandle_or(context.firmware->tree().first_child(node), 0);
}
// The peer of phandle 0 is the root.
ServiceResults peer(Context &context, Phandle node) {
  const auto &tree = context.firmware->tree();
  return phandle_or(node == Phandle{0} ? tree.find("/") : tree.next_sibling(node), 0);
}
ServiceResults parent(Context &context, Phandle node) { return phandle_or(context.firmware->tree().parent(node), 0); }

namespace {

// The tree stores the property "name" as the node's own name.
std::optional<Bytes> value_of(const fdt::LiveTree &tree, Phandle node, const std::string &name) {
  if (const auto found = tree.property(node, name)) return Bytes(found->begin(), found->end());
  const auto own = name == "name" ? tree.name(node) : std::nullopt;
  if (!own) return std::nullopt;
  const auto bytes = std::as_bytes(std::span(own->c_str(), own->size() + 1));
  return Bytes(bytes.begin(), bytes.end());
}

}  // namespace

ServiceResults getprop(Context &context, Phandle node, const std::string &name, Buffer buffer) {
  const auto value = value_of(context.firmware->tree(), node, name);
  return value ? answer(context, buffer, *value) : ServiceResults{kError};
}

ServiceResults getproplen(Context &context, Phandle node, const std::string &name) {
  const auto value = value_of(context.firmware->tree(), node, name);
  return {value ? static_cast<std::uint32_t>(value->size()) : kError};
}

// The result is 1 if there is a next property, and 0 after the last one.
ServiceResults nextprop(Context &context, Phandle node, const std::string &previous, GuestAddress32 into) {
  const auto next = context.firmware->tree().next_property(node, previous);
  if (!next) return {kError};
  const auto bytes = std::as_bytes(std::span(next->c_str(), next->size() + 1));
  if (!context.memory.write(GuestAddress{into.value}, bytes)) return {kError};
  return {next->empty() ? 0u : 1u};
}

namespace {

// A negotiation writes these properties, so the guest may not set them. Otherwise a guest could shrink them and fill
// the tree with other properties, which would leave no room for the negotiation.
bool is_written_by_negotiation(std::string_view name) {
  return name == "cpu-version" || name == "ibm,pa-features" || name == "ibm,architecture-vec-5" ||
         name == "ibm,hypertas-functions";
}

}  // namespace

ServiceResults setprop(Context &context, Phandle node, const std::string &name, Buffer buffer) {
  if (is_written_by_negotiation(name)) return {kError};
  if (name.empty() || name.size() > kMaxPropertyName || buffer.length > kMaxProperty) return {kError};
  if (context.firmware->tree().room() < buffer.length + kReserve) return {kError};
  Bytes value(buffer.length);
  if (!context.memory.read(buffer.at, value)) return {kError};
  return {context.firmware->tree().set_property(node, name, value) ? buffer.length : kError};
}

ServiceResults package_to_path(Context &context, Phandle node, Buffer buffer) {
  return answer_text(context, buffer, context.firmware->tree().path(node));
}

}  // namespace parley::papr::client
