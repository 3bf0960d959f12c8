// SPDX-License-Identifier: Apache-2.0
//
// Sequences of hcalls: implemented ones, and any other number.
#include "parley/papr/hcall.hpp"

#include "guest.hpp"
#include "targets.hpp"

namespace parley::fuzz {

void hcalls(ByteView bytes) {
  Input input(bytes);
  HostileGuest guest;
  guest.keep_calling(input, [&] {
    const auto known = papr::hcalls();
    const auto which = input.take<std::uint8_t>();
    const std::uint64_t number = which < 200 ? known[which % known.size()].number : input.take<std::uint64_t>();
    papr::HcallRegisters registers{};
    for (std::size_t i = 0; i < 1u + which % 9; ++i) registers[i] = HostileGuest::argument(input);
    if (which % 4 == 0) guest.put(HostileGuest::argument(input), input.take_bytes(64));
    papr::dispatch_hcall(guest.context(), number, papr::find_hcall(number), registers);
  });
}

}  // namespace parley::fuzz
