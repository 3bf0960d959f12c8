// SPDX-License-Identifier: Apache-2.0
#include "parley/base/guest_memory.hpp"

#include <algorithm>

namespace parley {

bool GuestMemory::read(GuestAddress at, std::span<std::byte> into) const {
  if (!contains(at, into.size())) return false;
  std::ranges::copy(ram_.subspan(at.value, into.size()), into.begin());
  return true;
}

bool GuestMemory::write(GuestAddress at, ByteView from) {
  if (!contains(at, from.size())) return false;
  std::ranges::copy(from, ram_.subspan(at.value).begin());
  return true;
}

}  // namespace parley
