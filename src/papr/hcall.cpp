// SPDX-License-Identifier: Apache-2.0
//
// The table of hypervisor calls, and the dispatch from a set of registers to a handler.
//
// A guest makes a hypercall with `sc 1`: the number is in r3, the arguments are in r4 to r12 (LoPAR 14.1). One row of
// the table defines one call: its number, its name in traces, the function set that announces it in the guest's tree,
// and its handler. A row without a handler belongs to KVM, which answers in the kernel; the row exists because the tree
// must announce the call. So the tree cannot promise a call that has no answer.
//
// Adding a call: write a handler in the file of its subject (hcall_memory.cpp, hcall_devices.cpp, hcall_processor.cpp),
// declare it in hcall_handlers.hpp, and add a row here and in docs/hcalls.md. adapt<> converts the registers to the
// typed arguments of the handler. Mark a call as independent if its handler uses only state that has its own lock. Then
// several vCPUs may make the call at the same time, without the partition's lock.
#include "parley/papr/hcall.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "hcall_handlers.hpp"
#include "parley/base/text.hpp"
#include "parley/papr/open_firmware.hpp"
#include "parley/papr/rtas.hpp"

namespace parley::papr {
namespace {

using devices::Kind;

// Argument n is made from register n.
template <auto kHandler, typename... Arguments, std::size_t... kIndex>
Answer call(Context &context, HcallRegisters &registers, Answer (*)(Context &, HcallRegisters &, Arguments...),
            std::index_sequence<kIndex...>) {
  return kHandler(context, registers, Arguments{registers[kIndex]}...);
}

template <typename... Arguments>
constexpr auto argument_indices(Answer (*)(Context &, HcallRegisters &, Arguments...)) {
  return std::index_sequence_for<Arguments...>{};
}

template <auto kHandler>
[[gnu::flatten]] Answer adapt(Context &context, HcallRegisters &registers) {
  return call<kHandler>(context, registers, kHandler, argument_indices(kHandler));
}

Answer rtas(Context &context, HcallRegisters &, GuestAddress block) { return dispatch_rtas(context, block); }

// The guest enters the client interface in 32-bit mode, so only the lower half of the register is valid.
Answer client_interface(Context &context, HcallRegisters &, Number block) {
  if (context.firmware == nullptr) return Status::kFunction;
  return dispatch_service(context, GuestAddress{block.value & 0xffffffff});
}

// Sorted by number.
constexpr std::array kHcalls{
    HcallEntry{.number = 0x04, .name = "H_REMOVE", .hypertas = "hcall-pft", .hash = true},
    HcallEntry{.number = 0x08, .name = "H_ENTER", .hypertas = "hcall-pft", .hash = true},
    HcallEntry{.number = 0x0c, .name = "H_READ", .hypertas = "hcall-pft", .hash = true},
    HcallEntry{.number = 0x10, .name = "H_CLEAR_MOD", .hypertas = "hcall-pft", .enable = true, .hash = true},
    HcallEntry{.number = 0x14, .name = "H_CLEAR_REF", .hypertas = "hcall-pft", .enable = true, .hash = true},
    HcallEntry{.number = 0x18, .name = "H_PROTECT", .hypertas = "hcall-pft", .hash = true},
    HcallEntry{.number = 0x24, .name = "H_SET_SPRG0", .hypertas = "hcall-sprg0", .handle = adapt<set_sprg0>},
    HcallEntry{.number = 0x2c,
               .name = "H_PAGE_INIT",
               .hypertas = "hcall-copy",
               .handle = adapt<page_init>,
               .independent = true},
    HcallEntry{.number = 0x3c,
               .name = "H_LOGICAL_CI_LOAD",
               .hypertas = "hcall-debug",
               .handle = adapt<logical_load>,
               .independent = true},
    HcallEntry{.number = 0x40,
               .name = "H_LOGICAL_CI_STORE",
               .hypertas = "hcall-debug",
               .handle = adapt<logical_store>,
               .independent = true},
    HcallEntry{.number = 0x44,
               .name = "H_LOGICAL_CACHE_LOAD",
               .hypertas = "",
               .handle = adapt<logical_load>,
               .independent = true},
    HcallEntry{.number = 0x48,
               .name = "H_LOGICAL_CACHE_STORE",
               .hypertas = "",
               .handle = adapt<logical_store>,
               .independent = true},
    HcallEntry{.number = 0x4c,
               .name = "H_LOGICAL_ICBI",
               .hypertas = "",
               .handle = adapt<logical_cache_block>,
               .independent = true},
    HcallEntry{.number = 0x50,
               .name = "H_LOGICAL_DCBF",
               .hypertas = "",
               .handle = adapt<logical_cache_block>,
               .independent = true},
    HcallEntry{.number = 0x54,
               .name = "H_GET_TERM_CHAR",
               .hypertas = "hcall-term",
               .handle = adapt<get_term_char>,
               .device = Kind::kVty,
               .independent = true},
    HcallEntry{.number = 0x58,
               .name = "H_PUT_TERM_CHAR",
               .hypertas = "hcall-term",
               .handle = adapt<put_term_char>,
               .device = Kind::kVty,
               .independent = true},
    HcallEntry{.number = 0x64, .name = "H_EOI", .hypertas = "hcall-interrupt"},
    HcallEntry{.number = 0x68, .name = "H_CPPR", .hypertas = "hcall-interrupt"},
    HcallEntry{.number = 0x6c, .name = "H_IPI", .hypertas = "hcall-interrupt"},
    HcallEntry{.number = 0x70, .name = "H_IPOLL", .hypertas = "hcall-interrupt"},
    HcallEntry{.number = 0x74, .name = "H_XIRR", .hypertas = "hcall-interrupt"},
    HcallEntry{.number = 0xdc, .name = "H_REGISTER_VPA", .hypertas = "hcall-splpar"},
    HcallEntry{.number = 0xe0, .name = "H_CEDE", .hypertas = "hcall-splpar"},
    HcallEntry{.number = 0xe4, .name = "H_CONFER", .hypertas = "hcall-splpar"},
    HcallEntry{.number = 0xe8, .name = "H_PROD", .hypertas = "hcall-splpar"},
    HcallEntry{.number = 0x104,
               .name = "H_VIO_SIGNAL",
               .hypertas = "",
               .handle = adapt<vio_signal>,
               .device = Kind::kVty,
               .independent = true},
    HcallEntry{.number = 0x124, .name = "H_BULK_REMOVE", .hypertas = "hcall-bulk", .hash = true},
    HcallEntry{
        .number = 0x1c8, .name = "H_GET_CPU_CHARACTERISTICS", .hypertas = "", .handle = adapt<get_cpu_characteristics>},
    HcallEntry{.number = 0x2fc, .name = "H_XIRR_X", .hypertas = "hcall-interrupt"},
    HcallEntry{.number = 0x300,
               .name = "H_RANDOM",
               .hypertas = "",
               .handle = adapt<random_number>,
               .device = Kind::kRandom,
               .independent = true},
    HcallEntry{
        .number = 0x31c, .name = "H_SET_MODE", .hypertas = "hcall-set-mode", .handle = adapt<set_mode>, .enable = true},
    HcallEntry{.number = 0x37c, .name = "H_REGISTER_PROC_TBL", .hypertas = "", .handle = adapt<register_process_table>},
    HcallEntry{.number = kHcallRtas, .name = "H_RTAS", .hypertas = "", .handle = adapt<rtas>},
    HcallEntry{
        .number = kHcallClientInterface, .name = "H_OPEN_FIRMWARE", .hypertas = "", .handle = adapt<client_interface>},
};
static_assert(std::ranges::adjacent_find(kHcalls, std::ranges::greater_equal{}, &HcallEntry::number) == kHcalls.end(),
              "the numbers must ascend, without duplicates");

// The row of each number. PAPR's numbers are multiples of four below 0x400 (LoPAR chapter 14); the platform's own
// numbers are above. A number without a row maps to row 0, whose number differs.
constexpr std::uint64_t kStep = 4;
static_assert(std::ranges::all_of(kHcalls, [](const HcallEntry &entry) {
  return entry.number % kStep == 0 || entry.number >= 0x400;
}));
constexpr std::array<std::uint8_t, 0x400 / kStep> index_rows() {
  std::array<std::uint8_t, 0x400 / kStep> rows{};
  for (std::size_t i = 0; i < kHcalls.size(); ++i) {
    const std::uint64_t index = kHcalls[i].number / kStep;
    if (index < rows.size()) rows[index] = static_cast<std::uint8_t>(i);
  }
  return rows;
}
constexpr auto kRows = index_rows();

// RTAS and the client interface have their own tables, which trace their calls.
bool traces_itself(std::uint64_t number) { return number == kHcallRtas || number == kHcallClientInterface; }

// A separate function, so that a call without a trace reserves no stack for it.
[[gnu::noinline]] void trace_hcall(const Context &context, std::uint64_t number, const HcallEntry *entry,
                                   Status status) {
  const std::string name = entry != nullptr ? std::string(entry->name) : "unknown hcall " + hex64(number);
  context.trace(name + ": " + std::to_string(static_cast<std::int64_t>(status)));
}

}  // namespace

std::span<const HcallEntry> hcalls() { return kHcalls; }

// Each call of a guest passes here. A binary search for the number would take 60 more instructions.
const HcallEntry *find_hcall(std::uint64_t number) {
  if (const std::uint64_t index = number / kStep; index < kRows.size()) {
    const HcallEntry &entry = kHcalls[kRows[index]];
    return entry.number == number ? &entry : nullptr;
  }
  const auto found = std::ranges::find(kHcalls, number, &HcallEntry::number);
  return found != kHcalls.end() ? &*found : nullptr;
}

Answer dispatch_hcall(Context &context, std::uint64_t number, const HcallEntry *entry, HcallRegisters &registers) {
  const bool answered = is_answered(context, entry);
  Answer answer = answered ? entry->handle(context, registers) : Answer{Status::kFunction, Effect::unknown_call()};
  if (context.trace && !(answered && traces_itself(number) && answer.status == Status::kSuccess))
    trace_hcall(context, number, entry, answer.status);
  return answer;
}

}  // namespace parley::papr
