// SPDX-License-Identifier: Apache-2.0
//
// The vectors that kernels pass to ibm,client-architecture-support, in their format in memory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "parley/base/bytes.hpp"
#include "parley/compat/negotiate.hpp"

namespace parley::testing {

inline Bytes bytes_of(const std::vector<unsigned> &values) {
  Bytes bytes;
  for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

struct CasVector {
  std::vector<compat::PvrEntry> processors;
  std::vector<Bytes> vectors;                ///< none is empty; [0] is vector 1
  std::optional<Bytes> behind_the_declared;  ///< with its length byte

  Bytes &vector5() { return vectors.at(4); }
  void set5(std::size_t byte, unsigned value) { vector5().at(byte - 1) = static_cast<std::byte>(value); }

  /// The bytes without the undeclared vector 7.
  Bytes declared() const {
    Bytes bytes;
    for (const auto &entry : processors) {
      bytes.resize(bytes.size() + 8);
      store_be(std::span(bytes).last(8), entry.mask);
      store_be(std::span(bytes).last(4), entry.value);
    }
    bytes.push_back(static_cast<std::byte>(vectors.size() - 1));
    for (const Bytes &vector : vectors) {
      bytes.push_back(static_cast<std::byte>(vector.size() - 1));
      bytes.insert(bytes.end(), vector.begin(), vector.end());
    }
    return bytes;
  }
  Bytes bytes() const {
    Bytes bytes = declared();
    if (behind_the_declared) bytes.insert(bytes.end(), behind_the_declared->begin(), behind_the_declared->end());
    return bytes;
  }
};

/// A length byte and 256 bytes of text.
inline Bytes option_vector7(const std::string &text, unsigned length = 255) {
  Bytes bytes(257);
  bytes[0] = static_cast<std::byte>(length);
  for (std::size_t i = 0; i < text.size(); ++i) bytes[i + 1] = static_cast<std::byte>(text[i]);
  return bytes;
}

inline constexpr compat::PvrEntry kPower10Raw{0xffff0000, 0x00800000};
inline constexpr compat::PvrEntry kPower11Raw{0xffff0000, 0x00820000};
inline constexpr compat::PvrEntry kPower8{0xffffffff, 0x0f000004};
inline constexpr compat::PvrEntry kPower9{0xffffffff, 0x0f000005};
inline constexpr compat::PvrEntry kPower10{0xffffffff, 0x0f000006};
inline constexpr compat::PvrEntry kPower11{0xffffffff, 0x0f000007};
/// Linux' last entry: the levels below POWER6.
inline constexpr compat::PvrEntry kLast{0xfffffffe, 0x0f000001};

/// Linux 7.2 (arch/powerpc/kernel/prom_init.c, ibm_architecture_vec_init) on a platform with radix, GTSE and XICS.
inline CasVector linux_vector() {
  CasVector vector;
  vector.processors = {{0xfffe0000, 0x003a0000},
                       {0xffff0000, 0x003e0000},
                       {0xffff0000, 0x003f0000},
                       {0xffff0000, 0x004b0000},
                       {0xffff0000, 0x004c0000},
                       {0xffff0000, 0x004d0000},
                       {0xffff0000, 0x004e0000},
                       kPower10Raw,
                       kPower11Raw,
                       kPower11,
                       kPower10,
                       kPower9,
                       kPower8,
                       {0xffffffff, 0x0f000003},
                       {0xffffffff, 0x0f000002},
                       kLast};
  Bytes vector2(33, std::byte{0xff});
  vector2[0] = std::byte{0x20};
  vector.vectors = {
      bytes_of({0x00, 0xff, 0xc0}),
      vector2,
      bytes_of({0x00, 0xe0}),
      bytes_of({0x00, 0x01}),
      bytes_of({0x00, 0xf2, 0x00, 0xc0, 0xe0, 0x05, 0x00, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00,
                0x00, 0x00, 0x00, 0xe0, 0x00, 0x00, 0x00, 0x01, 0xc0, 0x00, 0x40, 0x00, 0x40}),
      bytes_of({0x00, 0x00, 0x02}),
  };
  vector.behind_the_declared = option_vector7("Linux version 7.2.13\n");
  return vector;
}

/// GRUB: any processor, no demands (grub-core/kern/ieee1275/init.c).
inline CasVector grub_vector() {
  Bytes vector2(33, std::byte{0xff});
  vector2[0] = std::byte{0x20};
  return {{{0x00000000, 0xffffffff}}, {bytes_of({0x80}), vector2}, std::nullopt};
}

}  // namespace parley::testing
