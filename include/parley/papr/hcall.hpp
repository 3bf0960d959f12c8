// SPDX-License-Identifier: Apache-2.0
//
// Hypervisor calls (LoPAR chapter 14). One table says which numbers are answered, by what name, and which function set
// the guest's tree announces for it ("ibm,hypertas-functions"): the tree cannot promise what the code does not answer.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "parley/papr/context.hpp"

namespace parley::papr {

/// r4 to r12: the arguments; a handler that has results puts them in their place.
using HcallRegisters = std::array<std::uint64_t, 9>;

/// The two hcalls of the platform itself, outside PAPR's range. KVM and Linux know RTAS by this number (KVMPPC_H_RTAS,
/// asm/hvcall.h); QEMU uses the same number for its client interface.
inline constexpr std::uint16_t kHcallRtas = 0xf000;
inline constexpr std::uint16_t kHcallClientInterface = 0xf005;

struct HcallEntry {
  std::uint64_t number;
  std::string_view name;
  std::string_view hypertas;  ///< the function set that stands for it; "" for none
  /// nullptr where KVM answers it in the kernel; what reaches us of those all the same gets H_FUNCTION.
  Answer (*handle)(Context &, HcallRegisters &) = nullptr;
  bool enable = false;  ///< KVM answers it only when it is told to (KVM_CAP_PPC_ENABLE_HCALL)
  std::optional<devices::Kind> device = std::nullopt;  ///< announced and answered only for a guest with such a device
  bool independent = false;  ///< its handler touches nothing that another's does, or only what has a lock of its own
};

std::span<const HcallEntry> hcalls();
/// nullptr for a number that is not answered.
const HcallEntry *find_hcall(std::uint64_t number);
/// Answers one hcall; `entry` is the result of find_hcall(). An unknown number gets H_FUNCTION.
Answer dispatch_hcall(Context &context, std::uint64_t number, const HcallEntry *entry, HcallRegisters &registers);

}  // namespace parley::papr
