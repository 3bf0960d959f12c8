// SPDX-License-Identifier: Apache-2.0
//
// The option vectors of ibm,client-architecture-support: any bytes, at any address.
#include "guest.hpp"
#include "parley/papr/client_architecture.hpp"
#include "targets.hpp"

namespace parley::fuzz {

void cas(ByteView bytes) {
  Input input(bytes);
  HostileGuest guest;
  const auto refused = input.take<std::uint8_t>();
  if ((refused & 1) != 0) guest.partition().refused.push_back(compat::Target::of(level("power10")));
  if ((refused & 2) != 0) guest.partition().others_run = true;
  if ((refused & 8) != 0) guest.may_use_hash((refused & 16) != 0);
  const std::uint64_t at = (refused & 4) != 0 ? HostileGuest::argument(input) : 0x100;
  const std::string vector = input.rest();
  guest.put(at, std::as_bytes(std::span(vector)));
  papr::negotiate_architecture(guest.context(), GuestAddress{at});
  guest.go_on();
}

}  // namespace parley::fuzz
