// SPDX-License-Identifier: Apache-2.0
//
// Sequences of RTAS calls, with argument blocks anywhere in and around the guest's memory.
#include "parley/papr/rtas.hpp"

#include "guest.hpp"
#include "targets.hpp"

namespace parley::fuzz {

void rtas(ByteView bytes) {
  Input input(bytes);
  HostileGuest guest;
  guest.keep_calling(input, [&] {
    const auto known = papr::rtas_calls();
    const auto which = input.take<std::uint8_t>();
    const auto &call = known[which % known.size()];
    const std::uint64_t at = HostileGuest::argument(input);
    // Mostly valid numbers of arguments and results, to get past the first check.
    std::vector<std::uint32_t> block{which < 240 ? call.token : input.take<std::uint32_t>(),
                                     which % 8 != 0 ? call.arguments : input.take<std::uint32_t>(),
                                     which % 16 != 1 ? call.results : input.take<std::uint32_t>()};
    for (std::uint32_t i = 0; i < call.arguments; ++i)
      block.push_back(static_cast<std::uint32_t>(HostileGuest::argument(input)));
    guest.put(HostileGuest::argument(input), input.take_bytes(32));
    guest.put_cells(at, block);
    papr::dispatch_rtas(guest.context(), GuestAddress{at});
  });
}

}  // namespace parley::fuzz
