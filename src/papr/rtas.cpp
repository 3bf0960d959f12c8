// SPDX-License-Identifier: Apache-2.0
//
// Run-time abstraction services: the calls that a kernel makes after it has left Open Firmware (LoPAR chapter 7).
//
// A kernel enters RTAS at the address from the tree. Five instructions there (entry_code.hpp) turn the call into the
// hcall H_RTAS with the address of an argument block. The block is big-endian: token, number of arguments, number of
// results, the arguments, then room for the results. The first result is the status (LoPAR 7.2.7).
//
// The table below assigns a token to each call. The guest's tree gets its token properties from the same table. KVM
// answers the four calls of the interrupt controller itself (ibm,set-xive, ibm,get-xive, ibm,int-off, ibm,int-on). They
// have no handler here; KVM learns their tokens by KVM_PPC_RTAS_DEFINE_TOKEN.
//
// A block is copied before it is used, because another vCPU may rewrite it at any time.
#include "parley/papr/rtas.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "entry_code.hpp"
#include "parley/base/text.hpp"
#include "parley/papr/hcall.hpp"

namespace parley::papr {
namespace {

using devices::Kind;

// More than any RTAS call needs. Linux's rtas_args has room for 16 (arch/powerpc/include/asm/rtas-types.h).
constexpr std::uint32_t kMaxCells = 16;
constexpr std::uint64_t kHeaderSize = 3 * sizeof(std::uint32_t);
constexpr std::size_t kMaxPanicMessage = 1024;

// LoPAR 7.3.2.2: UTC as year, month, day, hour, minute, second, nanosecond, in binary.
RtasAnswer get_time_of_day(Context &context, RtasArguments, RtasResults results) {
  using namespace std::chrono;
  const auto now = context.devices.clock()->now();
  const auto day = floor<days>(now);
  const year_month_day date(day);
  const hh_mm_ss time(now - day);
  results[0] = static_cast<std::uint32_t>(static_cast<int>(date.year()));
  results[1] = static_cast<unsigned>(date.month());
  results[2] = static_cast<unsigned>(date.day());
  results[3] = static_cast<std::uint32_t>(time.hours().count());
  results[4] = static_cast<std::uint32_t>(time.minutes().count());
  results[5] = static_cast<std::uint32_t>(time.seconds().count());
  results[6] = static_cast<std::uint32_t>(time.subseconds().count());
  return RtasStatus::kSuccess;
}

RtasAnswer set_time_of_day(Context &context, RtasArguments arguments, RtasResults) {
  using namespace std::chrono;
  const auto in = [&](std::size_t index, std::uint32_t limit) { return arguments[index] < limit; };
  constexpr std::uint32_t kLastYear = 2200;  // a nanosecond clock of 64 bits ends in 2262
  if (arguments[0] < 1970 || arguments[0] > kLastYear) return RtasStatus::kParameterError;
  const year_month_day date{year(static_cast<int>(arguments[0])), month(arguments[1]), day(arguments[2])};
  if (!in(1, 13) || !in(2, 32) || !date.ok() || !in(3, 24) || !in(4, 60) || !in(5, 60) || !in(6, 1'000'000'000))
    return RtasStatus::kParameterError;
  context.devices.clock()->set(devices::Clock::Time(sys_days(date)) + hours(arguments[3]) + minutes(arguments[4]) +
                               seconds(arguments[5]) + nanoseconds(arguments[6]));
  return RtasStatus::kSuccess;
}

// LoPAR 7.3.1.2: arguments are offset, address, length; the result is the number of bytes.
RtasAnswer nvram_fetch(Context &context, RtasArguments arguments, RtasResults results) {
  const ByteView bytes = context.devices.nvram()->read(arguments[0], arguments[2]);
  if (bytes.empty() && arguments[2] != 0) return RtasStatus::kParameterError;
  if (!context.memory.write(GuestAddress{arguments[1]}, bytes)) return RtasStatus::kParameterError;
  results[0] = static_cast<std::uint32_t>(bytes.size());
  return RtasStatus::kSuccess;
}

RtasAnswer nvram_store(Context &context, RtasArguments arguments, RtasResults results) {
  if (arguments[2] > devices::Nvram::kSize) return RtasStatus::kParameterError;
  Bytes bytes(arguments[2]);
  if (!context.memory.read(GuestAddress{arguments[1]}, bytes)) return RtasStatus::kParameterError;
  const auto stored = context.devices.nvram()->write(arguments[0], bytes);
  if (!stored) return RtasStatus::kHardwareError;
  if (*stored == 0 && !bytes.empty()) return RtasStatus::kParameterError;
  results[0] = *stored;
  return RtasStatus::kSuccess;
}

RtasAnswer display_character(Context &context, RtasArguments arguments, RtasResults) {
  const char character = static_cast<char>(arguments[0]);
  return {RtasStatus::kSuccess, write_to(*context.devices.terminal(0), {&character, 1})};
}

RtasAnswer power_off(Context &, RtasArguments, RtasResults) {
  return {RtasStatus::kSuccess, Effect::shut_down(Shutdown::Kind::kPowerOff)};
}

RtasAnswer system_reboot(Context &, RtasArguments, RtasResults) {
  return {RtasStatus::kSuccess, Effect::shut_down(Shutdown::Kind::kReboot)};
}

// Reads a NUL-terminated text. The end of RAM also ends it.
std::string text_at(const GuestMemory &memory, std::uint64_t at) {
  std::string text;
  for (std::byte byte; text.size() < kMaxPanicMessage; text += static_cast<char>(byte)) {
    if (!memory.read(GuestAddress{at + text.size()}, {&byte, 1}) || byte == std::byte{0}) break;
  }
  return text;
}

// LoPAR 7.3.9.1: the argument is the address of the message. Linux passes 0 for no message; address 0 holds interrupt
// vectors, never a message.
RtasAnswer os_term(Context &context, RtasArguments arguments, RtasResults) {
  auto message = arguments[0] != 0 ? text_at(context.memory, arguments[0]) : std::string();
  return {RtasStatus::kSuccess, Effect::shut_down(Shutdown::Kind::kPanic, std::move(message))};
}

// LoPAR 7.3.8.1: arguments are the processor, its first instruction, and the value of r3.
RtasAnswer start_cpu(Context &context, RtasArguments arguments, RtasResults) {
  const VcpuId id{arguments[0]};
  const auto state = context.partition.state(id);
  if (!state) return RtasStatus::kParameterError;
  if (*state != ProcessorState::kStopped) return RtasStatus::kHardwareError;
  const bool started = context.partition.start(id, GuestAddress{arguments[1]}, arguments[2]);
  return started ? RtasStatus::kSuccess : RtasStatus::kHardwareError;
}

RtasAnswer stop_self(Context &, RtasArguments, RtasResults) { return {RtasStatus::kSuccess, Effect::stop_caller()}; }

RtasAnswer query_cpu_stopped_state(Context &context, RtasArguments arguments, RtasResults results) {
  const auto state = context.partition.state(VcpuId{arguments[0]});
  if (!state) return RtasStatus::kParameterError;
  results[0] = static_cast<std::uint32_t>(*state);
  return RtasStatus::kSuccess;
}

constexpr std::array kCalls{
    RtasEntry{1, "display-character", 1, 1, display_character, Kind::kVty},
    RtasEntry{2, "power-off", 2, 1, power_off},
    RtasEntry{3, "system-reboot", 0, 1, system_reboot},
    RtasEntry{4, "ibm,os-term", 1, 1, os_term},
    RtasEntry{5, "get-time-of-day", 0, 8, get_time_of_day, Kind::kClock},
    RtasEntry{6, "set-time-of-day", 7, 1, set_time_of_day, Kind::kClock},
    RtasEntry{7, "nvram-fetch", 3, 2, nvram_fetch, Kind::kNvram},
    RtasEntry{8, "nvram-store", 3, 2, nvram_store, Kind::kNvram},
    RtasEntry{9, "start-cpu", 3, 1, start_cpu},
    RtasEntry{10, "stop-self", 0, 1, stop_self},
    RtasEntry{11, "query-cpu-stopped-state", 1, 2, query_cpu_stopped_state},
    RtasEntry{12, "ibm,set-xive", 3, 1},
    RtasEntry{13, "ibm,get-xive", 1, 3},
    RtasEntry{14, "ibm,int-off", 1, 1},
    RtasEntry{15, "ibm,int-on", 1, 1},
};
static_assert(std::ranges::adjacent_find(kCalls, std::ranges::greater_equal{}, &RtasEntry::token) == kCalls.end(),
              "the tokens must ascend, without duplicates");

struct ArgumentBlock {
  std::uint32_t token = 0;
  std::uint32_t nargs = 0;
  std::uint32_t nret = 0;
  std::array<std::uint32_t, kMaxCells> cells{};  // the arguments, then the results
};

GuestAddress cell_at(GuestAddress block, std::uint64_t index) {
  return GuestAddress{block.value + kHeaderSize + index * sizeof(std::uint32_t)};
}

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
    block.cells[i] = load_be<std::uint32_t>(std::span(cells).subspan(i * sizeof(std::uint32_t)));
  return memory.contains(cell_at(at, block.nargs), block.nret * sizeof(std::uint32_t));
}

bool write_results(GuestMemory memory, GuestAddress at, const ArgumentBlock &block) {
  std::array<std::byte, kMaxCells * sizeof(std::uint32_t)> cells;
  for (std::uint32_t i = 0; i < block.nret; ++i)
    store_be(std::span(cells).subspan(i * sizeof(std::uint32_t)), block.cells[block.nargs + i]);
  return memory.write(cell_at(at, block.nargs), std::span(cells).first(block.nret * sizeof(std::uint32_t)));
}

const RtasEntry *find_call(std::uint32_t token) {
  const auto found = std::ranges::find(kCalls, token, &RtasEntry::token);
  return found == kCalls.end() ? nullptr : &*found;
}

RtasAnswer perform(Context &context, const RtasEntry *call, ArgumentBlock &block) {
  if (!is_answered(context, call)) return {RtasStatus::kParameterError, Effect::unknown_call()};
  if (block.nargs != call->arguments || block.nret != call->results) return RtasStatus::kParameterError;
  const auto cells = std::span(block.cells);
  return call->handle(context, cells.first(block.nargs), cells.subspan(block.nargs + 1, block.nret - 1));
}

}  // namespace

std::span<const RtasEntry> rtas_calls() { return kCalls; }

Answer dispatch_rtas(Context &context, GuestAddress block_at) {
  ArgumentBlock block;
  if (!read_block(context.memory, block_at, block)) return Status::kParameter;
  const RtasEntry *call = find_call(block.token);
  RtasAnswer answer = perform(context, call, block);
  block.cells[block.nargs] = static_cast<std::uint32_t>(answer.status);
  if (context.trace) {
    const std::string name = call != nullptr ? std::string(call->name) : "unknown token " + std::to_string(block.token);
    context.trace("RTAS " + name + ": " + std::to_string(static_cast<std::int32_t>(answer.status)));
  }
  const bool written = write_results(context.memory, block_at, block);
  return {written ? Status::kSuccess : Status::kParameter, std::move(answer.effect)};
}

ByteView rtas_entry_code() {
  static constexpr auto kCode = entry_code(kHcallRtas);
  return kCode;
}

}  // namespace parley::papr
