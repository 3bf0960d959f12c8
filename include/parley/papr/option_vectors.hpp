// SPDX-License-Identifier: Apache-2.0
//
// What a guest's kernel tells about itself when it negotiates: ibm,client-architecture-support (LoPAR B.6.2.3). In the
// guest's memory, packed and big-endian:
//
//     { be32 mask, be32 value }...   the processors; the last entry has bits in its value that its mask leaves out
//     u8 n                           the number of option vectors, minus 1
//     { u8 length, u8[length + 1] }  each of them, n + 1 times
//
// Bits count from the left: bit 0 of a byte is 0x80. Bytes 23 and up of vector 5 are newer than the public LoPAR; they
// are as in Linux (arch/powerpc/include/asm/prom.h).
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/guest_memory.hpp"
#include "parley/compat/negotiate.hpp"

namespace parley::papr {

struct ClientArchitecture {
  std::vector<compat::PvrEntry> processors;
  std::vector<Bytes> vectors;    ///< as declared; [0] is vector 1
  std::string operating_system;  ///< vector 7, which Linux puts behind the declared ones; "" when it is not there

  bool has_vector(unsigned number) const { return number >= 1 && number <= vectors.size(); }
  /// Byte `byte` (from 1, as in LoPAR) of vector `number` (from 1); 0 where it is absent.
  std::uint8_t option(unsigned number, unsigned byte) const;
};

/// Reads what stands at `at`. A list without an end, or one that leaves RAM, is an error; the text says which.
std::expected<ClientArchitecture, std::string> read_client_architecture(const GuestMemory &memory, GuestAddress at);

/// What a partition of Parley's can do, for "ibm,arch-vec-5-platform-support": pairs of a byte of vector 5 and its
/// value. Legacy interrupts (XICS) only, radix only, with GTSE. At most 8 bytes: Linux reads that many
/// (prom_check_platform_support).
Bytes platform_support();
/// Option vector 5 as agreed, for "ibm,architecture-vec-5": a length byte (the number of bytes minus 1) and 26 bytes,
/// so that byte n of the property is byte n of the vector.
Bytes grant(const ClientArchitecture &client);
/// The same for a guest that is not asked: all that there is.
Bytes grant_all();
/// Why the guest cannot run here whatever its level ("it wants the hash MMU"); "" when it can.
std::string unmet_demand(const ClientArchitecture &client);

}  // namespace parley::papr
