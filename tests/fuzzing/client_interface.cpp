// SPDX-License-Identifier: Apache-2.0
//
// Sequences of calls to Open Firmware's client interface.
#include "guest.hpp"
#include "targets.hpp"

namespace parley::fuzz {

void client_interface(ByteView bytes) {
  Input input(bytes);
  HostileGuest guest;
  constexpr std::uint32_t kName = 0x1000;
  constexpr std::uint32_t kText = 0x2000;
  guest.keep_calling(input, [&] {
    const auto known = papr::client_services();
    const auto which = input.take<std::uint8_t>();
    const std::string name =
        which < 240 ? std::string(known[which % known.size()].name) : input.take_text(input.take<std::uint8_t>());
    guest.put(kName, std::as_bytes(std::span(name.c_str(), name.size() + 1)));
    guest.put(kText, input.take_bytes(input.take<std::uint8_t>()));
    const auto arguments = which % 8 != 0 ? which % 7u : input.take<std::uint32_t>();
    std::vector<std::uint32_t> block{
        which % 16 != 1 ? kName : static_cast<std::uint32_t>(HostileGuest::argument(input)), arguments, which % 3u};
    for (std::uint32_t i = 0; i < std::min(arguments, 12u); ++i) {
      const auto kind = input.take<std::uint8_t>();
      block.push_back(kind < 64 ? kText + kind : static_cast<std::uint32_t>(HostileGuest::argument(input)));
    }
    const std::uint64_t at = which % 32 != 2 ? 0x100 : HostileGuest::argument(input);
    guest.put_cells(at, block);
    papr::dispatch_service(guest.context(), GuestAddress{at});
  });
}

}  // namespace parley::fuzz
