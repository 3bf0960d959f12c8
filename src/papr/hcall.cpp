// SPDX-License-Identifier: Apache-2.0
#include "parley/papr/hcall.hpp"

#include <algorithm>
#include <utility>

#include "parley/papr/rtas.hpp"

namespace parley::papr {
namespace {

// Handlers speak of units and texts; this adaptor speaks registers: the n-th argument is made from the n-th register.
template <auto kHandler, typename... Arguments, std::size_t... kIndex>
Status call(Context &context, const HcallArguments &registers, Status (*)(Context &, Arguments...),
            std::index_sequence<kIndex...>) {
  return kHandler(context, Arguments{registers[kIndex]}...);
}

template <typename... Arguments>
constexpr auto argument_indices(Status (*)(Context &, Arguments...)) {
  return std::index_sequence_for<Arguments...>{};
}

template <auto kHandler>
Status adapt(Context &context, const HcallArguments &registers) {
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

// LoPAR 16.6.3.2: up to 16 characters in two registers.
Status put_term_char(Context &context, Unit unit, Length length, Characters first, Characters second) {
  if (!devices::Vty::answers_to(unit.value)) return Status::kParameter;
  std::array<std::byte, 16> bytes;
  if (length.value > bytes.size()) return Status::kParameter;
  store_be(std::span(bytes).first<8>(), first.value);
  store_be(std::span(bytes).last<8>(), second.value);
  context.vty.write({reinterpret_cast<const char *>(bytes.data()), length.value});
  return Status::kSuccess;
}

Status rtas(Context &context, GuestAddress block) {
  return dispatch_rtas(context, block) ? Status::kSuccess : Status::kParameter;
}

// Sorted by number. H_RTAS is the platform's own way into RTAS (KVMPPC_H_RTAS, asm/hvcall.h).
constexpr std::array kHcalls{
    HcallEntry{0x58, "H_PUT_TERM_CHAR", "hcall-term", adapt<put_term_char>},
    HcallEntry{0xf000, "H_RTAS", "", adapt<rtas>},
};
static_assert(std::ranges::adjacent_find(kHcalls, std::ranges::greater_equal{}, &HcallEntry::number) == kHcalls.end(),
              "the numbers ascend, and none stands twice");

}  // namespace

std::span<const HcallEntry> hcalls() { return kHcalls; }

const HcallEntry *find_hcall(std::uint64_t number) {
  const auto found = std::ranges::lower_bound(kHcalls, number, {}, &HcallEntry::number);
  return found != kHcalls.end() && found->number == number ? &*found : nullptr;
}

Status dispatch_hcall(Context &context, std::uint64_t number, const HcallArguments &arguments) {
  const HcallEntry *entry = find_hcall(number);
  if (entry != nullptr) return entry->handle(context, arguments);
  ++context.unknown_calls;
  return Status::kFunction;
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
