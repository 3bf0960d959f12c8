// SPDX-License-Identifier: Apache-2.0
//
// Hypervisor calls for devices: virtual terminals, addressed by unit, and random numbers. A terminal has its own lock,
// so several vCPUs may make these calls at the same time.
#include "hcall_handlers.hpp"

namespace parley::papr {

// LoPAR 16.6.3.1: reads up to 16 characters. The results are their number, then the characters in two registers.
Answer get_term_char(Context &context, HcallRegisters &results, Unit unit) {
  devices::Vty *vty = context.devices.terminal(unit.value);
  if (vty == nullptr) return Status::kParameter;
  std::array<char, 16> text{};
  results[0] = vty->read(text);
  const auto bytes = std::as_bytes(std::span(text));
  results[1] = load_be<std::uint64_t>(bytes.first<8>());
  results[2] = load_be<std::uint64_t>(bytes.last<8>());
  return Status::kSuccess;
}

// LoPAR 16.6.3.2: writes up to 16 characters from two registers.
Answer put_term_char(Context &context, HcallRegisters &, Unit unit, Length length, Characters first,
                     Characters second) {
  devices::Vty *vty = context.devices.terminal(unit.value);
  std::array<std::byte, 16> bytes;
  if (vty == nullptr || length.value > bytes.size()) return Status::kParameter;
  store_be(std::span(bytes).first<8>(), first.value);
  store_be(std::span(bytes).last<8>(), second.value);
  return {Status::kSuccess, write_to(*vty, {reinterpret_cast<const char *>(bytes.data()), length.value})};
}

// LoPAR 16.2.1.3: switches the interrupt of a virtual device on or off. A terminal interrupts whenever it has input. A
// guest that switches the interrupt off also masks the source, so the call needs no action.
Answer vio_signal(Context &context, HcallRegisters &, Unit unit, Number mode) {
  if (context.devices.terminal(unit.value) == nullptr) return Status::kParameter;
  return mode.value <= 1 ? Status::kSuccess : Status::kParameter;
}

// LoPAR 14.14.1
Answer random_number(Context &context, HcallRegisters &results) {
  std::array<std::byte, sizeof(std::uint64_t)> number;
  if (!context.environment.random(number)) return Status::kHardware;
  results[0] = load_be<std::uint64_t>(number);
  return Status::kSuccess;
}

}  // namespace parley::papr
