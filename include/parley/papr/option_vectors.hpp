// SPDX-License-Identifier: Apache-2.0
//
// The vector that a guest's kernel passes to ibm,client-architecture-support (LoPAR B.6.2.3). Its format in the guest's
// memory, packed and big-endian:
//
//     { be32 mask, be32 value }...   the processor list; in its last entry, value has bits outside mask
//     u8 n                           the number of option vectors, minus 1
//     { u8 length, u8[length + 1] }  the option vectors, n + 1 times
//
// Bits count from the left: bit 0 of a byte is 0x80. Bytes count from 1. Bytes 23 and up of vector 5 are newer than the
// public LoPAR; their meaning is taken from Linux (arch/powerpc/include/asm/prom.h).
//
// Parley evaluates two of the vectors. Vector 5 carries the choice of MMU and interrupt controller. In the answer,
// Parley grants the parts of it that its guests have: radix with GTSE (the guest invalidates its translations itself),
// or hash; XICS, and random numbers. A guest that requires anything else for these cannot run. Vector 7 is the name of
// the operating system. Linux stores it behind the declared vectors, so it is read only as a hint for messages.
//
// A missing vector, and a missing byte of a short vector, count as zero.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/guest_memory.hpp"
#include "parley/compat/mmu.hpp"
#include "parley/compat/negotiate.hpp"
#include "parley/compat/platform.hpp"

namespace parley::papr {

struct ClientArchitecture {
  std::vector<compat::PvrEntry> processors;
  std::vector<Bytes> vectors;    ///< the declared ones; [0] is vector 1
  std::string operating_system;  ///< vector 7; "" if it is absent

  bool has_vector(unsigned number) const { return number >= 1 && number <= vectors.size(); }
  /// Byte `byte` (from 1, as in LoPAR) of vector `number` (from 1); 0 if it is absent.
  std::uint8_t option(unsigned number, unsigned byte) const;
};

/// Reads the vector at `at`. It is an error if the processor list has no last entry or if a part extends beyond RAM.
/// The text of the error says which.
std::expected<ClientArchitecture, std::string> read_client_architecture(const GuestMemory &memory, GuestAddress at);

/// The abilities of the platform, for "ibm,arch-vec-5-platform-support": pairs of a byte number of vector 5 and a
/// value. Radix, hash or either; radix with GTSE; XICS only. At most 8 bytes, because Linux reads no more
/// (prom_check_platform_support).
Bytes platform_support(const compat::Platform &platform);
/// The agreed vector 5, for "ibm,architecture-vec-5": a length byte (the number of bytes minus 1) and 26 bytes. So byte
/// n of the property is byte n of the vector. `platform` has one MMU: the guest's.
Bytes grant(const ClientArchitecture &client, const compat::Platform &platform);
/// The same with everything that Parley has, for a guest that does not negotiate: radix, if it is there.
Bytes grant_all(const compat::Platform &platform);
/// The MMU that the guest chooses from `platform`; none if it has no opinion. A guest that can use both gets radix.
std::optional<compat::Translation> chosen_mmu(const ClientArchitecture &client, const compat::Platform &platform);
/// The reason why the guest cannot run here at any level ("it requires the hash MMU, …"); "" if it can.
std::string unmet_demand(const ClientArchitecture &client, const compat::Platform &platform);

}  // namespace parley::papr
