// SPDX-License-Identifier: Apache-2.0
#include "parley/papr/rtas.hpp"

#include <algorithm>
#include <array>

#include "parley/base/bytes.hpp"

namespace parley::papr {
namespace {

// More than any RTAS call takes; Linux's rtas_args has room for 16 (arch/powerpc/include/asm/rtas-types.h).
constexpr std::uint32_t kMaxCells = 16;
constexpr std::uint64_t kHeaderSize = 3 * sizeof(std::uint32_t);
constexpr std::size_t kMaxPanicMessage = 1024;

RtasStatus display_character(Context &context, std::span<const std::uint32_t> arguments) {
  const char character = static_cast<char>(arguments[0]);
  context.vty.write({&character, 1});
  return RtasStatus::kSuccess;
}

RtasStatus power_off(Context &context, std::span<const std::uint32_t>) {
  context.shutdown = Shutdown{Shutdown::Kind::kPowerOff, {}};
  return RtasStatus::kSuccess;
}

RtasStatus system_reboot(Context &context, std::span<const std::uint32_t>) {
  context.shutdown = Shutdown{Shutdown::Kind::kReboot, {}};
  return RtasStatus::kSuccess;
}

// LoPAR 7.3.9.1: the argument is the address of a NUL-terminated text. One that runs out of RAM ends there.
RtasStatus os_term(Context &context, std::span<const std::uint32_t> arguments) {
  std::string message;
  for (std::byte byte; message.size() < kMaxPanicMessage; message += static_cast<char>(byte)) {
    const bool in_ram = context.memory.read(GuestAddress{arguments[0] + message.size()}, {&byte, 1});
    if (!in_ram || byte == std::byte{0}) break;
  }
  context.shutdown = Shutdown{Shutdown::Kind::kPanic, std::move(message)};
  return RtasStatus::kSuccess;
}

constexpr std::array kCalls{
    RtasEntry{1, "display-character", 1, 1, display_character},
    RtasEntry{2, "power-off", 2, 1, power_off},
    RtasEntry{3, "system-reboot", 0, 1, system_reboot},
    RtasEntry{4, "ibm,os-term", 1, 1, os_term},
};
static_assert(std::ranges::adjacent_find(kCalls, std::ranges::greater_equal{}, &RtasEntry::token) == kCalls.end(),
              "the tokens ascend, and none stands twice");

struct ArgumentBlock {
  std::uint32_t token = 0;
  std::uint32_t nargs = 0;
  std::uint32_t nret = 0;
  std::array<std::uint32_t, kMaxCells> arguments{};
};

GuestAddress cell_at(GuestAddress block, std::uint64_t index) {
  return GuestAddress{block.value + kHeaderSize + index * sizeof(std::uint32_t)};
}

// The guest may rewrite the block while we look at it: it is read once, and the copy is what counts.
bool read_block(const GuestMemory &memory, GuestAddress at, ArgumentBlock &block) {
  std::array<std::byte, kHeaderSize> header;
  if (!memory.read(at, header)) return false;
  block.token = load_be<std::uint32_t>(std::span(header).subspan<0, 4>());
  block.nargs = load_be<std::uint32_t>(std::span(header).subspan<4, 4>());
  block.nret = load_be<std::uint32_t>(std::span(header).subspan<8, 4>());
  if (block.nargs > kMaxCells || block.nret > kMaxCells - block.nargs || block.nret == 0) return false;
  std::array<std::byte, kMaxCells * sizeof(std::uint32_t)> cells{};
  const auto used = std::span(cells).first(block.nargs * sizeof(std::uint32_t));
  if (!memory.read(cell_at(at, 0), used)) return false;
  for (std::uint32_t i = 0; i < block.nargs; ++i)
    block.arguments[i] = load_be<std::uint32_t>(std::span(cells).subspan(i * sizeof(std::uint32_t)));
  return memory.contains(cell_at(at, block.nargs), block.nret * sizeof(std::uint32_t));
}

RtasStatus perform(Context &context, const ArgumentBlock &block) {
  const auto found = std::ranges::find(kCalls, block.token, &RtasEntry::token);
  if (found == kCalls.end()) {
    ++context.unknown_calls;
    return RtasStatus::kParameterError;
  }
  if (block.nargs != found->arguments || block.nret != found->results) return RtasStatus::kParameterError;
  return found->handle(context, std::span(block.arguments).first(block.nargs));
}

}  // namespace

std::span<const RtasEntry> rtas_calls() { return kCalls; }

bool dispatch_rtas(Context &context, GuestAddress block_at) {
  ArgumentBlock block;
  if (!read_block(context.memory, block_at, block)) return false;
  const RtasStatus status = perform(context, block);
  std::array<std::byte, sizeof(std::uint32_t)> cell;
  store_be(std::span(cell), static_cast<std::uint32_t>(status));
  return context.memory.write(cell_at(block_at, block.nargs), cell);
}

}  // namespace parley::papr
