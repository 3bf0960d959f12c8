// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace parley::papr {

/// Five big-endian instructions that pass the address in r3 to an hcall and return its status. A guest enters RTAS and
/// the client interface with the address of an argument block in r3 (LoPAR 7.2.7, B.4).
///
///     mr   r4,r3
///     lis  r3,0
///     ori  r3,r3,number
///     sc   1
///     blr
constexpr std::array<std::byte, 20> entry_code(std::uint16_t number) {
  const std::array<std::uint32_t, 5> instructions{0x7c641b78, 0x3c600000, 0x60630000u | number, 0x44000022, 0x4e800020};
  std::array<std::byte, 20> code{};
  for (std::size_t i = 0; i < code.size(); ++i)
    code[i] = static_cast<std::byte>(instructions[i / 4] >> (24 - i % 4 * 8) & 0xff);
  return code;
}

}  // namespace parley::papr
