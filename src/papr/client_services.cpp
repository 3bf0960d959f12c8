// SPDX-License-Identifier: Apache-2.0
//
// The client interface of Open Firmware: one table of services, and the dispatch from an argument block to a handler
// (IEEE 1275-1994, 6.3.2; LoPAR B.4).
//
// A block consists of big-endian 32-bit cells: the address of the service's name, the number of arguments, the number
// of results, the arguments, then room for the results. It is copied before it is used, because another vCPU may
// rewrite it at any time. An unknown service gets -1 as its first result, as in real firmware. If the block is not in
// RAM, the hcall fails.
//
// Adding a service: declare a handler with typed arguments in client_handlers.hpp (client_arguments.hpp has the types)
// and add a row to the table, which is sorted by name.
#include <algorithm>
#include <array>
#include <string>

#include "client_handlers.hpp"
#include "entry_code.hpp"
#include "parley/base/text.hpp"
#include "parley/papr/hcall.hpp"

namespace parley::papr {
namespace {

using client::kError;

constexpr std::size_t kMaxCells = 10;  // arguments and results together; the room in prom_init.c's block
constexpr std::uint64_t kHeaderSize = 3 * sizeof(std::uint32_t);

ServiceResults milliseconds(Context &context) { return {context.firmware->milliseconds()}; }

ServiceResults test(Context &, const std::string &name) {
  return {std::ranges::find(client_services(), name, &ClientService::name) == client_services().end() ? kError : 0};
}

ServiceResults quiesce(Context &) { return {}; }

// The boot code of a kernel calls "exit" if it cannot continue. It has printed the reason.
ServiceResults exit_client(Context &) {
  return {0, 0, Effect::shut_down(Shutdown::Kind::kPanic, "its boot code gave up (Open Firmware: exit)")};
}

constexpr std::array kClientServices{
    ClientService{"call-method", client::adapt<client::call_method>},
    ClientService{"child", client::adapt<client::child>},
    ClientService{"claim", client::adapt<client::claim>},
    ClientService{"close", client::adapt<client::close>},
    ClientService{"exit", client::adapt<exit_client>},
    ClientService{"finddevice", client::adapt<client::finddevice>},
    ClientService{"getprop", client::adapt<client::getprop>},
    ClientService{"getproplen", client::adapt<client::getproplen>},
    ClientService{"instance-to-package", client::adapt<client::instance_to_package>},
    ClientService{"instance-to-path", client::adapt<client::instance_to_path>},
    ClientService{"milliseconds", client::adapt<milliseconds>},
    ClientService{"nextprop", client::adapt<client::nextprop>},
    ClientService{"open", client::adapt<client::open>},
    ClientService{"package-to-path", client::adapt<client::package_to_path>},
    ClientService{"parent", client::adapt<client::parent>},
    ClientService{"peer", client::adapt<client::peer>},
    ClientService{"quiesce", client::adapt<quiesce>},
    ClientService{"read", client::adapt<client::read>},
    ClientService{"release", client::adapt<client::release>},
    ClientService{"setprop", client::adapt<client::setprop>},
    ClientService{"test", client::adapt<test>},
    ClientService{"write", client::adapt<client::write>},
};
static_assert(std::ranges::adjacent_find(kClientServices, std::ranges::greater_equal{}, &ClientService::name) ==
                  kClientServices.end(),
              "the names must ascend, without duplicates");

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
  // Reads the whole block. The counts of the first read remain valid, even if the guest changes them meanwhile.
  if (!memory.read(at, std::span(raw).first(size))) return std::nullopt;
  for (std::size_t i = 0; i < block.nargs; ++i) block.cells[i] = cell(3 + i);
  const std::array<std::uint32_t, 1> name{cell(0)};
  block.service = client::Cells(memory, name).text().value_or("");
  return block;
}

bool write_results(GuestMemory memory, GuestAddress at, const Block &block, const ServiceResults &results) {
  std::array<std::byte, kMaxCells * sizeof(std::uint32_t)> raw{};
  if (block.nret > 0) store_be(std::span(raw).first<4>(), results.first);
  if (block.nret > 1) store_be(std::span(raw).subspan(4, 4), results.second);
  const GuestAddress to{at.value + kHeaderSize + block.nargs * sizeof(std::uint32_t)};
  return memory.write(to, std::span(raw).first(block.nret * sizeof(std::uint32_t)));
}

}  // namespace

std::span<const ClientService> client_services() { return kClientServices; }

Answer dispatch_service(Context &context, GuestAddress at) {
  const auto block = read_block(context.memory, at);
  if (!block) return Status::kParameter;
  const auto found = std::ranges::find(kClientServices, block->service, &ClientService::name);
  const bool known = found != kClientServices.end();
  ServiceResults results = known ? found->handle(context, std::span(block->cells).first(block->nargs))
                                 : ServiceResults{kError, 0, Effect::unknown_call()};
  if (context.trace) {
    const std::string unknown = known ? "" : "unknown service ";
    context.trace("client interface: " + unknown + printable(block->service) + ": " + hex32(results.first));
  }
  const bool written = write_results(context.memory, at, *block, results);
  return {written ? Status::kSuccess : Status::kParameter, std::move(results.effect)};
}

ByteView client_interface_entry_code() {
  static constexpr auto kCode = entry_code(kHcallClientInterface);
  return kCode;
}

}  // namespace parley::papr
