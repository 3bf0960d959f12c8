// SPDX-License-Identifier: Apache-2.0
//
// The services of the client interface: one table, handlers that speak of nodes and texts, and one adaptor that makes
// those from the cells of an argument block.
#include <algorithm>
#include <array>
#include <string>
#include <tuple>

#include "entry_code.hpp"
#include "parley/base/text.hpp"
#include "parley/papr/client_architecture.hpp"
#include "parley/papr/hcall.hpp"
#include "parley/papr/open_firmware.hpp"
#include "parley/papr/rtas.hpp"

namespace parley::papr {
namespace {

using fdt::Phandle;

constexpr std::uint32_t kError = 0xffffffff;
constexpr std::uint32_t kNothingRead = 0xfffffffe;  // -2: there is no input now

constexpr std::size_t kMaxCells = 10;  // of arguments and results together, as prom_init.c has room for
constexpr std::uint64_t kHeaderSize = 3 * sizeof(std::uint32_t);
constexpr std::size_t kMaxServiceName = 64;
constexpr std::size_t kMaxText = 512;
constexpr std::uint32_t kMaxProperty = 2048;  // bytes, of one that a guest sets
constexpr std::uint32_t kReserve = 4096;      // bytes of the tree's room, for what a negotiation puts there
constexpr std::uint32_t kMaxWrite = 4096;     // bytes at a time

// --- What arguments are made of

struct Cell {
  std::uint32_t value;
};
struct Size {
  std::uint32_t value;
};
struct Alignment {
  std::uint32_t value;
};
/// Addresses here have 32 bits.
struct GuestAddress32 {
  std::uint32_t value;
};
/// A range of the guest's memory for an answer.
struct Buffer {
  GuestAddress at;
  std::uint32_t length;
};

class Cells {
 public:
  Cells(const GuestMemory &memory, std::span<const std::uint32_t> cells) : memory_(memory), cells_(cells) {}

  std::optional<std::uint32_t> next() {
    if (cells_.empty()) return std::nullopt;
    const std::uint32_t cell = cells_.front();
    cells_ = cells_.subspan(1);
    return cell;
  }
  /// The NUL-terminated text at the address in the next cell.
  std::optional<std::string> text() {
    const auto at = next();
    if (!at) return std::nullopt;
    std::string text;
    for (std::byte byte; text.size() < kMaxText; text += static_cast<char>(byte)) {
      if (!memory_.read(GuestAddress{*at + text.size()}, {&byte, 1})) return std::nullopt;
      if (byte == std::byte{0}) return text;
    }
    return std::nullopt;
  }

 private:
  const GuestMemory &memory_;
  std::span<const std::uint32_t> cells_;
};

template <typename T>
std::optional<T> take(Cells &cells) {
  if constexpr (std::same_as<T, std::string>) {
    return cells.text();
  } else if constexpr (std::same_as<T, Buffer>) {
    const auto at = cells.next();
    const auto length = cells.next();
    return at && length ? std::optional(Buffer{GuestAddress{*at}, *length}) : std::nullopt;
  } else {
    const auto cell = cells.next();
    return cell ? std::optional(T{*cell}) : std::nullopt;
  }
}

template <auto kHandler, typename... Arguments>
ServiceResults call(Context &context, std::span<const std::uint32_t> arguments,
                    ServiceResults (*)(Context &, Arguments...)) {
  [[maybe_unused]] Cells cells(context.memory, arguments);
  const std::tuple<std::optional<std::remove_cvref_t<Arguments>>...> taken{
      take<std::remove_cvref_t<Arguments>>(cells)...};  // braces: from left to right
  return std::apply(
      [&](const auto &...argument) -> ServiceResults {
        if (!(argument.has_value() && ...)) return {kError};
        return kHandler(context, *argument...);
      },
      taken);
}

template <auto kHandler>
ServiceResults adapt(Context &context, std::span<const std::uint32_t> arguments) {
  return call<kHandler>(context, arguments, kHandler);
}

// --- The device tree

ServiceResults phandle_or(std::optional<Phandle> node, std::uint32_t otherwise) {
  return {node ? node->value : otherwise};
}

// As much as there is room for; the result is the whole length, so that a caller sees that it had too little.
ServiceResults answer(Context &context, Buffer buffer, ByteView bytes) {
  const auto fitting = bytes.first(std::min<std::size_t>(bytes.size(), buffer.length));
  if (!context.memory.write(buffer.at, fitting)) return {kError};
  return {static_cast<std::uint32_t>(bytes.size())};
}

ServiceResults answer_text(Context &context, Buffer buffer, const std::optional<std::string> &text) {
  if (!text) return {kError};
  return answer(context, buffer, std::as_bytes(std::span(text->c_str(), text->size() + 1)));
}

ServiceResults finddevice(Context &context, const std::string &path) {
  return phandle_or(context.firmware->tree().find(path), kError);
}
ServiceResults child(Context &context, Phandle node) {
  return phandle_or(context.firmware->tree().first_child(node), 0);
}
// The peer of nothing is the root.
ServiceResults peer(Context &context, Phandle node) {
  const auto &tree = context.firmware->tree();
  return phandle_or(node == Phandle{0} ? tree.find("/") : tree.next_sibling(node), 0);
}
ServiceResults parent(Context &context, Phandle node) { return phandle_or(context.firmware->tree().parent(node), 0); }

// "name" is the one property that stands in the node's own name.
std::optional<Bytes> value_of(const fdt::LiveTree &tree, Phandle node, const std::string &name) {
  if (const auto found = tree.property(node, name)) return Bytes(found->begin(), found->end());
  const auto own = name == "name" ? tree.name(node) : std::nullopt;
  if (!own) return std::nullopt;
  const auto bytes = std::as_bytes(std::span(own->c_str(), own->size() + 1));
  return Bytes(bytes.begin(), bytes.end());
}

ServiceResults getprop(Context &context, Phandle node, const std::string &name, Buffer buffer) {
  const auto value = value_of(context.firmware->tree(), node, name);
  return value ? answer(context, buffer, *value) : ServiceResults{kError};
}

ServiceResults getproplen(Context &context, Phandle node, const std::string &name) {
  const auto value = value_of(context.firmware->tree(), node, name);
  return {value ? static_cast<std::uint32_t>(value->size()) : kError};
}

// 1 when there is one more, 0 behind the last one.
ServiceResults nextprop(Context &context, Phandle node, const std::string &previous, GuestAddress32 into) {
  const auto next = context.firmware->tree().next_property(node, previous);
  if (!next) return {kError};
  const auto bytes = std::as_bytes(std::span(next->c_str(), next->size() + 1));
  if (!context.memory.write(GuestAddress{into.value}, bytes)) return {kError};
  return {next->empty() ? 0u : 1u};
}

// What a negotiation writes is the hypervisor's. A guest that made it small beforehand, and used up the room for
// other properties, would leave none for it.
bool is_written_by_negotiation(std::string_view name) {
  return name == "cpu-version" || name == "ibm,pa-features" || name == "ibm,architecture-vec-5";
}

ServiceResults setprop(Context &context, Phandle node, const std::string &name, Buffer buffer) {
  if (is_written_by_negotiation(name)) return {kError};
  if (name.empty() || name.size() > kMaxServiceName || buffer.length > kMaxProperty) return {kError};
  if (context.firmware->tree().room() < buffer.length + kReserve) return {kError};
  Bytes value(buffer.length);
  if (!context.memory.read(buffer.at, value)) return {kError};
  return {context.firmware->tree().set_property(node, name, value) ? buffer.length : kError};
}

ServiceResults package_to_path(Context &context, Phandle node, Buffer buffer) {
  return answer_text(context, buffer, context.firmware->tree().path(node));
}

// --- Instances

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
  return phandle_or(context.firmware->package(instance), kError);
}
ServiceResults instance_to_path(Context &context, Instance instance, Buffer buffer) {
  const auto node = context.firmware->package(instance);
  return node ? package_to_path(context, *node, buffer) : ServiceResults{kError};
}

ServiceResults write(Context &context, Instance instance, Buffer buffer) {
  if (!context.firmware->is_console(instance)) return {kError};
  std::string text(std::min(buffer.length, kMaxWrite), '\0');
  if (!context.memory.read(buffer.at, std::as_writable_bytes(std::span(text)))) return {kError};
  context.write_console(text);
  return {static_cast<std::uint32_t>(text.size())};
}

ServiceResults read(Context &context, Instance instance, Buffer buffer) {
  if (!context.firmware->is_console(instance)) return {kError};
  std::array<char, 256> text;
  const std::size_t room = std::min<std::size_t>(buffer.length, text.size());
  if (!context.memory.contains(buffer.at, room)) return {kError};
  const std::size_t count = context.vty.read(std::span(text).first(room));
  if (!context.memory.write(buffer.at, std::as_bytes(std::span(text).first(count)))) return {kError};
  return {count == 0 && room != 0 ? kNothingRead : static_cast<std::uint32_t>(count)};
}

// --- Memory

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

// --- Methods: the first result says whether there is such a method, the second is the method's own

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

// --- The rest

ServiceResults milliseconds(Context &context) { return {context.firmware->milliseconds()}; }

ServiceResults test(Context &, const std::string &name) {
  return {std::ranges::find(client_services(), name, &ClientService::name) == client_services().end() ? kError : 0};
}

ServiceResults quiesce(Context &) { return {}; }

// A kernel's first code leaves this way when it cannot go on; what was wrong it has printed.
ServiceResults leave(Context &context) {
  context.shutdown = Shutdown{Shutdown::Kind::kPanic, "its boot code gave up (Open Firmware: exit)"};
  return {};
}

constexpr std::array kClientServices{
    ClientService{"call-method", adapt<call_method>},
    ClientService{"child", adapt<child>},
    ClientService{"claim", adapt<claim>},
    ClientService{"close", adapt<close>},
    ClientService{"exit", adapt<leave>},
    ClientService{"finddevice", adapt<finddevice>},
    ClientService{"getprop", adapt<getprop>},
    ClientService{"getproplen", adapt<getproplen>},
    ClientService{"instance-to-package", adapt<instance_to_package>},
    ClientService{"instance-to-path", adapt<instance_to_path>},
    ClientService{"milliseconds", adapt<milliseconds>},
    ClientService{"nextprop", adapt<nextprop>},
    ClientService{"open", adapt<open>},
    ClientService{"package-to-path", adapt<package_to_path>},
    ClientService{"parent", adapt<parent>},
    ClientService{"peer", adapt<peer>},
    ClientService{"quiesce", adapt<quiesce>},
    ClientService{"read", adapt<read>},
    ClientService{"release", adapt<release>},
    ClientService{"setprop", adapt<setprop>},
    ClientService{"test", adapt<test>},
    ClientService{"write", adapt<write>},
};
static_assert(std::ranges::adjacent_find(kClientServices, std::ranges::greater_equal{}, &ClientService::name) ==
                  kClientServices.end(),
              "the names ascend, and none stands twice");

// --- The argument block

struct Block {
  std::string service;
  std::uint32_t nargs = 0;
  std::uint32_t nret = 0;
  std::array<std::uint32_t, kMaxCells> cells{};
};

std::optional<Block> read_block(const GuestMemory &memory, GuestAddress at) {
  std::array<std::byte, kHeaderSize + kMaxCells * sizeof(std::uint32_t)> raw{};
  if (!memory.read(at, std::span(raw).first(kHeaderSize))) return std::nullopt;
  const auto cell = [&](std::size_t index) { return load_be<std::uint32_t>(std::span(raw).subspan(index * 4)); };
  Block block{{}, cell(1), cell(2), {}};
  if (block.nargs > kMaxCells || block.nret > kMaxCells - block.nargs) return std::nullopt;
  const std::size_t size = kHeaderSize + (block.nargs + block.nret) * sizeof(std::uint32_t);
  // Once more with all of it; the counts are those of the first look.
  if (!memory.read(at, std::span(raw).first(size))) return std::nullopt;
  for (std::size_t i = 0; i < block.nargs; ++i) block.cells[i] = cell(3 + i);
  const std::array<std::uint32_t, 1> name{cell(0)};
  block.service = Cells(memory, name).text().value_or("");
  return block;
}

bool write_results(GuestMemory memory, GuestAddress at, const Block &block, ServiceResults results) {
  std::array<std::byte, kMaxCells * sizeof(std::uint32_t)> raw{};
  if (block.nret > 0) store_be(std::span(raw).first<4>(), results.first);
  if (block.nret > 1) store_be(std::span(raw).subspan(4, 4), results.second);
  const GuestAddress to{at.value + kHeaderSize + block.nargs * sizeof(std::uint32_t)};
  return memory.write(to, std::span(raw).first(block.nret * sizeof(std::uint32_t)));
}

}  // namespace

std::span<const ClientService> client_services() { return kClientServices; }

bool dispatch_service(Context &context, GuestAddress at) {
  const auto block = read_block(context.memory, at);
  if (!block) return false;
  const auto found = std::ranges::find(kClientServices, block->service, &ClientService::name);
  if (found == kClientServices.end()) ++context.unknown_calls;
  const ServiceResults results = found == kClientServices.end()
                                     ? ServiceResults{kError}
                                     : found->handle(context, std::span(block->cells).first(block->nargs));
  if (context.trace) {
    const std::string unknown = found == kClientServices.end() ? "unknown service " : "";
    context.trace("client interface: " + unknown + printable(block->service) + ": " + hex32(results.first));
  }
  return write_results(context.memory, at, *block, results);
}

ByteView client_interface_entry_code() {
  static constexpr auto kCode = entry_code(kHcallClientInterface);
  return kCode;
}

}  // namespace parley::papr
