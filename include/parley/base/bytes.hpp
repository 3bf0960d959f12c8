// SPDX-License-Identifier: Apache-2.0
//
// Bytes in the layout of PAPR and of device trees: big-endian, bits numbered from the left.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace parley {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

/// Power ISA bit numbering: bit 0 is the most significant bit of a 64-bit register.
constexpr std::uint64_t ppc_bit(unsigned bit) { return std::uint64_t{1} << (63 - bit); }

template <std::unsigned_integral T>
constexpr T swap_if_little(T value) {
  if constexpr (std::endian::native == std::endian::little) return std::byteswap(value);
  return value;
}

/// Reads a big-endian T from the start of `bytes`, which must hold at least sizeof(T).
template <std::unsigned_integral T>
T load_be(ByteView bytes) {
  T raw;
  std::memcpy(&raw, bytes.first<sizeof(T)>().data(), sizeof(T));
  return swap_if_little(raw);
}

/// Writes `value` big-endian to the start of `bytes`, which must hold at least sizeof(T).
template <std::unsigned_integral T>
void store_be(std::span<std::byte> bytes, T value) {
  const T raw = swap_if_little(value);
  std::memcpy(bytes.first<sizeof(T)>().data(), &raw, sizeof(T));
}

}  // namespace parley
