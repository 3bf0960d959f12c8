// SPDX-License-Identifier: Apache-2.0
#include "parley/base/guest_memory.hpp"

#include <algorithm>

namespace parley {

std::optional<GuestMemory> GuestMemory::over(std::span<const Region> regions) {
  if (regions.empty()) return std::nullopt;
  for (std::size_t i = 0; i < regions.size(); ++i) {
    const std::uint64_t size = regions[i].bytes.size();
    if (size == 0 || size > ~regions[i].at.value) return std::nullopt;
    if (i > 0 && regions[i].at.value < regions[i - 1].at.value + regions[i - 1].bytes.size()) return std::nullopt;
  }
  return GuestMemory(regions.front(), regions.subspan(1));
}

// As much of [at, at + length) as the region of its first byte holds; nothing where that byte is not RAM.
std::span<std::byte> GuestMemory::piece(GuestAddress at, std::uint64_t length) const {
  const auto part_of = [&](const Region &region) -> std::span<std::byte> {
    const std::uint64_t offset = at.value - region.at.value;
    if (offset >= region.bytes.size()) return {};
    return region.bytes.subspan(offset, std::min<std::uint64_t>(length, region.bytes.size() - offset));
  };
  if (const auto part = part_of(first_); !part.empty()) return part;
  for (const Region &region : others_)
    if (const auto part = part_of(region); !part.empty()) return part;
  return {};
}

bool GuestMemory::regions_contain(GuestAddress at, std::uint64_t length) const {
  if (length == 0) {
    const auto touches = [&](const Region &region) { return at.value - region.at.value <= region.bytes.size(); };
    return touches(first_) || std::ranges::any_of(others_, touches);
  }
  // No region ends beyond the last address, so `at` does not wrap before a piece is missing.
  while (length > 0) {
    const std::uint64_t size = piece(at, length).size();
    if (size == 0) return false;
    at.value += size;
    length -= size;
  }
  return true;
}

bool GuestMemory::read(GuestAddress at, std::span<std::byte> into) const {
  if (first_contains(at, into.size())) {
    std::ranges::copy(in_first(at, into.size()), into.begin());
    return true;
  }
  if (!contains(at, into.size())) return false;
  while (!into.empty()) {
    const auto part = piece(at, into.size());
    std::ranges::copy(part, into.begin());
    at.value += part.size();
    into = into.subspan(part.size());
  }
  return true;
}

bool GuestMemory::write(GuestAddress at, ByteView from) {
  if (first_contains(at, from.size())) {
    std::ranges::copy(from, in_first(at, from.size()).begin());
    return true;
  }
  if (!contains(at, from.size())) return false;
  while (!from.empty()) {
    const auto part = piece(at, from.size());
    std::ranges::copy(from.first(part.size()), part.begin());
    at.value += part.size();
    from = from.subspan(part.size());
  }
  return true;
}

}  // namespace parley
