// SPDX-License-Identifier: Apache-2.0
//
// Client services for open devices, memory, and the methods of nodes (IEEE 1275-1994, 6.3.2.2 to 6.3.2.4).
#include "client_handlers.hpp"
#include "parley/papr/client_architecture.hpp"
#include "parley/papr/rtas.hpp"

namespace parley::papr::client {
namespace {

constexpr std::uint32_t kMaxWrite = 4096;           // bytes per call
constexpr std::uint32_t kNothingRead = 0xfffffffe;  // -2: no input yet

// The terminal behind /chosen's stdout: the guest's first one.
devices::Vty *console(Context &context) { return context.devices.terminal(0); }

}  // namespace

ServiceResults open(Context &context, const std::string &path) {
  const auto node = context.firmware->tree().find(path);
  const auto instance = node ? context.firmware->open(*node) : std::nullopt;
  return {instance ? instance->value : 0};
}
ServiceResults close(Context &context, Instance instance) {
  context.firmware->close(instance);
  return {};
}
ServiceResults instance_to_package(Context &context, Instance instance) {
  const auto node = context.firmware->package(instance);
  return {node ? node->value : kError};
}
ServiceResults instance_to_path(Context &context, Instance instance, Buffer buffer) {
  const auto node = context.firmware->package(instance);
  return node ? package_to_path(context, *node, buffer) : ServiceResults{kError};
}

ServiceResults write(Context &context, Instance instance, Buffer buffer) {
  if (!context.firmware->is_console(instance) || console(context) == nullptr) return {kError};
  std::string text(std::min(buffer.length, kMaxWrite), '\0');
  if (!context.memory.read(buffer.at, std::as_writable_bytes(std::span(text)))) return {kError};
  return {static_cast<std::uint32_t>(text.size()), 0, write_to(*console(context), text)};
}

ServiceResults read(Context &context, Instance instance, Buffer buffer) {
  if (!context.firmware->is_console(instance) || console(context) == nullptr) return {kError};
  std::array<char, 256> text;
  const std::size_t room = std::min<std::size_t>(buffer.length, text.size());
  if (!context.memory.contains(buffer.at, room)) return {kError};
  const std::size_t count = console(context)->read(std::span(text).first(room));
  if (!context.memory.write(buffer.at, std::as_bytes(std::span(text).first(count)))) return {kError};
  return {count == 0 && room != 0 ? kNothingRead : static_cast<std::uint32_t>(count)};
}

ServiceResults claim(Context &context, GuestAddress32 at, Size size, Alignment alignment) {
  auto &firmware = *context.firmware;
  if (alignment.value == 0) return {firmware.claim(GuestAddress{at.value}, size.value) ? at.value : kError};
  const auto found = firmware.claim_anywhere(size.value, alignment.value);
  return {found ? static_cast<std::uint32_t>(found->value) : kError};
}
ServiceResults release(Context &context, GuestAddress32 at, Size size) {
  context.firmware->release(GuestAddress{at.value}, size.value);
  return {};
}

// The first result is 0 if the node has the method. The second one is the method's own result.
ServiceResults call_method(Context &context, const std::string &method, Instance instance, Cell argument) {
  constexpr std::uint32_t kNoMethod = kError;
  const auto node = context.firmware->package(instance);
  const auto path = node ? context.firmware->tree().path(*node) : std::nullopt;
  if (path == "/" && method == "ibm,client-architecture-support")
    return {0, negotiate_architecture(context, GuestAddress{argument.value}) ? 0 : kError};
  if (path == "/rtas" && method == "instantiate-rtas")
    return context.memory.write(GuestAddress{argument.value}, rtas_entry_code()) ? ServiceResults{0, argument.value}
                                                                                 : ServiceResults{kNoMethod};
  return {kNoMethod};
}

}  // namespace parley::papr::client
