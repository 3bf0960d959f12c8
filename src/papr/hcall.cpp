// SPDX-License-Identifier: Apache-2.0
#include "parley/papr/hcall.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "parley/base/text.hpp"
#include "parley/papr/open_firmware.hpp"
#include "parley/papr/rtas.hpp"

namespace parley::papr {
namespace {

// Handlers speak of units and texts; this adaptor speaks registers: the n-th argument is made from the n-th register. A
// handler with results takes all registers at last.
template <auto kHandler, typename... Arguments, std::size_t... kIndex>
Status call(Context &context, HcallRegisters &registers, Status (*)(Context &, HcallRegisters &, Arguments...),
            std::index_sequence<kIndex...>) {
  return kHandler(context, registers, Arguments{registers[kIndex]}...);
}

template <typename... Arguments>
constexpr auto argument_indices(Status (*)(Context &, HcallRegisters &, Arguments...)) {
  return std::index_sequence_for<Arguments...>{};
}

template <auto kHandler>
Status adapt(Context &context, HcallRegisters &registers) {
  return call<kHandler>(context, registers, kHandler, argument_indices(kHandler));
}

struct Unit {
  std::uint64_t value;
};
struct Length {
  std::uint64_t value;
};
/// Eight characters, the first in the most significant byte.
struct Characters {
  std::uint64_t value;
};
struct Flags {
  std::uint64_t value;
};
struct Number {
  std::uint64_t value;
};
/// Of an access, in bytes.
struct Width {
  std::uint64_t value;

  bool is_valid() const { return value == 1 || value == 2 || value == 4 || value == 8; }
};

// LoPAR 14.5.4.2: the whole register is the guest's.
Status set_sprg0(Context &context, HcallRegisters &, Number value) {
  return context.partition.set_sprg0(context.caller, value.value) ? Status::kSuccess : Status::kHardware;
}

// LoPAR 14.5.4.2.3 (H_PAGE_INIT): a page of 4 KiB is cleared, or made a copy of another. Where both are asked for, the
// copy is what remains. The flags about instruction caches and about shared memory (CMO) ask for nothing here.
Status page_init(Context &context, HcallRegisters &, Flags flags, GuestAddress destination, GuestAddress source) {
  constexpr std::uint64_t kPage = 4096;
  constexpr std::uint64_t kZero = ppc_bit(48);
  constexpr std::uint64_t kCopy = ppc_bit(49);
  constexpr std::uint64_t kCaches = ppc_bit(40) | ppc_bit(41);
  constexpr std::uint64_t kSharedMemory = ppc_bit(28) | ppc_bit(29) | ppc_bit(30) | ppc_bit(31);
  if ((flags.value & ~(kZero | kCopy | kCaches | kSharedMemory)) != 0) return Status::kParameter;
  if (destination.value % kPage != 0 || !context.memory.contains(destination, kPage)) return Status::kParameter;
  std::array<std::byte, kPage> page{};
  if ((flags.value & kCopy) != 0) {
    if (source.value % kPage != 0 || !context.memory.read(source, page)) return Status::kParameter;
  } else if ((flags.value & kZero) == 0) {
    return Status::kSuccess;
  }
  return context.memory.write(destination, page) ? Status::kSuccess : Status::kParameter;
}

// LoPAR 14.5.4.2.4 (H_LOGICAL_CI_LOAD): the value stands right-justified in the register. With the caches of a guest's
// memory being its host's, the cached form (not in the public LoPAR; asm/hvcall.h) is the same.
Status logical_load(Context &context, HcallRegisters &results, Width width, GuestAddress at) {
  if (!width.is_valid() || at.value % width.value != 0) return Status::kParameter;
  std::array<std::byte, sizeof(std::uint64_t)> bytes{};
  if (!context.memory.read(at, std::span(bytes).last(width.value))) return Status::kParameter;
  results[0] = load_be<std::uint64_t>(bytes);
  return Status::kSuccess;
}

Status logical_store(Context &context, HcallRegisters &, Width width, GuestAddress at, Number value) {
  if (!width.is_valid() || at.value % width.value != 0) return Status::kParameter;
  std::array<std::byte, sizeof(std::uint64_t)> bytes{};
  store_be(std::span(bytes), value.value);
  return context.memory.write(at, std::span(bytes).last(width.value)) ? Status::kSuccess : Status::kParameter;
}

// H_LOGICAL_ICBI and H_LOGICAL_DCBF (asm/hvcall.h): a block of a cache. The caches of POWER are coherent.
Status logical_cache_block(Context &context, HcallRegisters &, GuestAddress at) {
  return context.memory.contains(at, 1) ? Status::kSuccess : Status::kParameter;
}

// LoPAR 16.6.3.1: up to 16 characters; results: how many, then two registers of them.
Status get_term_char(Context &context, HcallRegisters &results, Unit unit) {
  if (!devices::Vty::answers_to(unit.value)) return Status::kParameter;
  std::array<char, 16> text{};
  results[0] = context.vty.read(text);
  const auto bytes = std::as_bytes(std::span(text));
  results[1] = load_be<std::uint64_t>(bytes.first<8>());
  results[2] = load_be<std::uint64_t>(bytes.last<8>());
  return Status::kSuccess;
}

// LoPAR 16.6.3.2: up to 16 characters in two registers.
Status put_term_char(Context &context, HcallRegisters &, Unit unit, Length length, Characters first,
                     Characters second) {
  if (!devices::Vty::answers_to(unit.value)) return Status::kParameter;
  std::array<std::byte, 16> bytes;
  if (length.value > bytes.size()) return Status::kParameter;
  store_be(std::span(bytes).first<8>(), first.value);
  store_be(std::span(bytes).last<8>(), second.value);
  context.write_console({reinterpret_cast<const char *>(bytes.data()), length.value});
  return Status::kSuccess;
}

// LoPAR 16.2.1.3: whether a virtual device interrupts. The terminal does whenever it has input; a guest that does not
// want to hear of it masks the source.
Status vio_signal(Context &, HcallRegisters &, Unit unit, Number mode) {
  if (!devices::Vty::answers_to(unit.value)) return Status::kParameter;
  return mode.value <= 1 ? Status::kSuccess : Status::kParameter;
}

// LoPAR 14.5.4.3.5 (H_SET_MODE): only the resources that concern interrupts come here, KVM keeps the watchpoints.
Status set_mode(Context &context, HcallRegisters &, Flags flags, Number resource, Number value1, Number value2) {
  constexpr std::uint64_t kLittleEndian = 4;
  constexpr std::uint64_t kInterruptLocation = 3;
  constexpr std::uint64_t kTranslatedAtTop = 3;  // LPCR[AIL]; 1 is reserved, 2 an offset that no ISA 3.1 has
  if (resource.value != kLittleEndian && resource.value != kInterruptLocation) return Status::kP2;
  if (value1.value != 0) return Status::kP3;
  if (value2.value != 0) return Status::kP4;
  const std::uint64_t on = resource.value == kLittleEndian ? 1 : kTranslatedAtTop;
  if (flags.value != 0 && flags.value != on) return Status::kUnsupportedFlag;
  const bool done = resource.value == kLittleEndian ? context.partition.set_little_endian_interrupts(flags.value == on)
                                                    : context.partition.set_translated_interrupts(flags.value == on);
  return done ? Status::kSuccess : Status::kUnsupportedFlag;
}

// H_REGISTER_PROC_TBL (arch/powerpc/include/asm/hvcall.h; not in the public LoPAR). The entry is that of the ISA's
// partition table: radix, the table's base, its size as a power of two above 4 KiB.
Status register_process_table(Context &context, HcallRegisters &, Flags flags, GuestAddress base, Number page_size,
                              Number table_size) {
  constexpr std::uint64_t kNew = 0x18;
  constexpr std::uint64_t kRadix = 0x4;
  constexpr std::uint64_t kGtse = 0x1;
  constexpr std::uint64_t kMaxTableSize = 24;
  constexpr std::uint64_t kEntryRadix = ppc_bit(0);
  if ((flags.value & ~kGtse) != (kNew | kRadix)) return Status::kParameter;
  if (base.value % 4096 != 0 || base.value >> 60 != 0) return Status::kP2;
  if (page_size.value != 0) return Status::kP3;
  if (table_size.value > kMaxTableSize) return Status::kP4;
  const bool gtse = (flags.value & kGtse) != 0;
  switch (context.partition.set_process_table(kEntryRadix | base.value | table_size.value, gtse)) {
    case 0:
      return Status::kSuccess;
    case EINVAL:
      return Status::kParameter;
    case ENODEV:
      return Status::kNotAvailable;
    default:
      return Status::kHardware;
  }
}

Status get_cpu_characteristics(Context &context, HcallRegisters &results) {
  const auto characteristics = context.partition.characteristics();
  if (!characteristics) return Status::kFunction;
  results[0] = characteristics->character;
  results[1] = characteristics->behaviour;
  return Status::kSuccess;
}

// LoPAR 14.14.1
Status random_number(Context &, HcallRegisters &results) {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != sizeof number) return Status::kHardware;
  results[0] = number;
  return Status::kSuccess;
}

Status rtas(Context &context, HcallRegisters &, GuestAddress block) {
  return dispatch_rtas(context, block) ? Status::kSuccess : Status::kParameter;
}

// The entry of the client interface comes in 32-bit mode: only the lower half of the register is the guest's.
Status client_interface(Context &context, HcallRegisters &, Number block) {
  if (context.firmware == nullptr) return Status::kFunction;
  const GuestAddress at{block.value & 0xffffffff};
  return dispatch_service(context, at) ? Status::kSuccess : Status::kParameter;
}

// Sorted by number.
constexpr std::array kHcalls{
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
               .independent = true},
    HcallEntry{.number = 0x58,
               .name = "H_PUT_TERM_CHAR",
               .hypertas = "hcall-term",
               .handle = adapt<put_term_char>,
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
    HcallEntry{
        .number = 0x104, .name = "H_VIO_SIGNAL", .hypertas = "", .handle = adapt<vio_signal>, .independent = true},
    HcallEntry{
        .number = 0x1c8, .name = "H_GET_CPU_CHARACTERISTICS", .hypertas = "", .handle = adapt<get_cpu_characteristics>},
    HcallEntry{.number = 0x2fc, .name = "H_XIRR_X", .hypertas = "hcall-interrupt"},
    HcallEntry{
        .number = 0x300, .name = "H_RANDOM", .hypertas = "", .handle = adapt<random_number>, .independent = true},
    HcallEntry{
        .number = 0x31c, .name = "H_SET_MODE", .hypertas = "hcall-set-mode", .handle = adapt<set_mode>, .enable = true},
    HcallEntry{.number = 0x37c, .name = "H_REGISTER_PROC_TBL", .hypertas = "", .handle = adapt<register_process_table>},
    HcallEntry{.number = kHcallRtas, .name = "H_RTAS", .hypertas = "", .handle = adapt<rtas>},
    HcallEntry{
        .number = kHcallClientInterface, .name = "H_OPEN_FIRMWARE", .hypertas = "", .handle = adapt<client_interface>},
};
static_assert(std::ranges::adjacent_find(kHcalls, std::ranges::greater_equal{}, &HcallEntry::number) == kHcalls.end(),
              "the numbers ascend, and none stands twice");

// Where in the table a number stands. PAPR's are multiples of four below 0x400 (LoPAR chapter 14); the first entry
// stands for those that nobody answers, which then is not the one looked for. The platform's own numbers are beyond.
constexpr std::uint64_t kStep = 4;
static_assert(std::ranges::all_of(kHcalls, [](const HcallEntry &entry) {
  return entry.number % kStep == 0 || entry.number >= 0x400;
}));
constexpr std::array<std::uint8_t, 0x400 / kStep> place_numbers() {
  std::array<std::uint8_t, 0x400 / kStep> places{};
  for (std::size_t i = 0; i < kHcalls.size(); ++i) {
    const std::uint64_t place = kHcalls[i].number / kStep;
    if (place < places.size()) places[place] = static_cast<std::uint8_t>(i);
  }
  return places;
}
constexpr auto kPlaces = place_numbers();

// Two numbers lead on to tables of their own, which trace what they find there.
bool traces_itself(std::uint64_t number) { return number == kHcallRtas || number == kHcallClientInterface; }

// Apart, so that a call that is not traced makes no room on the stack for it.
[[gnu::noinline]] void trace_hcall(const Context &context, std::uint64_t number, const HcallEntry *entry,
                                   Status status) {
  const std::string name = entry != nullptr ? std::string(entry->name) : "unknown hcall " + hex64(number);
  context.trace(name + ": " + std::to_string(static_cast<std::int64_t>(status)));
}

}  // namespace

std::span<const HcallEntry> hcalls() { return kHcalls; }

// Each call of a guest comes through here: to search for the number took 60 instructions more.
const HcallEntry *find_hcall(std::uint64_t number) {
  if (const std::uint64_t place = number / kStep; place < kPlaces.size()) {
    const HcallEntry &entry = kHcalls[kPlaces[place]];
    return entry.number == number ? &entry : nullptr;
  }
  const auto found = std::ranges::find(kHcalls, number, &HcallEntry::number);
  return found != kHcalls.end() ? &*found : nullptr;
}

Status dispatch_hcall(Context &context, std::uint64_t number, const HcallEntry *entry, HcallRegisters &registers) {
  const bool answered = entry != nullptr && entry->handle != nullptr;
  if (!answered) ++context.unknown_calls;
  const Status status = answered ? entry->handle(context, registers) : Status::kFunction;
  if (context.trace && !(answered && traces_itself(number) && status == Status::kSuccess))
    trace_hcall(context, number, entry, status);
  return status;
}

std::vector<std::string> hypertas_functions() {
  std::vector<std::string> functions;
  for (const HcallEntry &entry : kHcalls) {
    if (!entry.hypertas.empty() && std::ranges::find(functions, entry.hypertas) == functions.end())
      functions.emplace_back(entry.hypertas);
  }
  return functions;
}

}  // namespace parley::papr
