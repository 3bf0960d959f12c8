// SPDX-License-Identifier: Apache-2.0
//
// The handlers for the table in hcall.cpp, by subject. A handler takes typed arguments, one for each register from r4
// on. It writes its results, if any, into the registers.
#pragma once

#include "parley/papr/hcall.hpp"

namespace parley::papr {

/// The unit address of a virtual device.
struct Unit {
  std::uint64_t value;
};
/// A number of bytes.
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
/// The size of an access in bytes.
struct Width {
  std::uint64_t value;

  bool is_valid() const { return value == 1 || value == 2 || value == 4 || value == 8; }
};

// hcall_memory.cpp
Answer page_init(Context &context, HcallRegisters &, Flags flags, GuestAddress destination, GuestAddress source);
Answer logical_load(Context &context, HcallRegisters &results, Width width, GuestAddress at);
Answer logical_store(Context &context, HcallRegisters &, Width width, GuestAddress at, Number value);
Answer logical_cache_block(Context &context, HcallRegisters &, GuestAddress at);

// hcall_devices.cpp
Answer get_term_char(Context &context, HcallRegisters &results, Unit unit);
Answer put_term_char(Context &context, HcallRegisters &, Unit unit, Length length, Characters first, Characters second);
Answer vio_signal(Context &context, HcallRegisters &, Unit unit, Number mode);
Answer random_number(Context &context, HcallRegisters &results);

// hcall_processor.cpp
Answer set_sprg0(Context &context, HcallRegisters &, Number value);
Answer set_mode(Context &context, HcallRegisters &, Flags flags, Number resource, Number value1, Number value2);
Answer register_process_table(Context &context, HcallRegisters &, Flags flags, GuestAddress base, Number page_size,
                              Number table_size);
Answer get_cpu_characteristics(Context &context, HcallRegisters &results);

}  // namespace parley::papr
