// SPDX-License-Identifier: Apache-2.0
//
// Hypervisor calls (LoPAR chapter 14). One table has a row for each call that is answered: its number, its name, and
// the function set that announces it in the guest's tree ("ibm,hypertas-functions"). The tree is made from the same
// table, so it cannot promise a call that is not answered.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "parley/papr/context.hpp"

namespace parley::papr {

/// r4 to r12: the arguments. A handler overwrites them with its results.
using HcallRegisters = std::array<std::uint64_t, 9>;

/// Two hcalls outside PAPR's range, for the platform itself. KVM knows RTAS by this number (KVMPPC_H_RTAS,
/// asm/hvcall.h). QEMU uses the same number for its client interface.
inline constexpr std::uint16_t kHcallRtas = 0xf000;
inline constexpr std::uint16_t kHcallClientInterface = 0xf005;

struct HcallEntry {
  std::uint64_t number;
  std::string_view name;
  std::string_view hypertas;  ///< the function set that announces it; "" for none
  /// nullptr if KVM answers the call in the kernel. If such a call arrives here nevertheless, it gets H_FUNCTION.
  Answer (*handle)(Context &, HcallRegisters &) = nullptr;
  bool enable = false;  ///< KVM answers it only if it is enabled (KVM_CAP_PPC_ENABLE_HCALL)
  std::optional<devices::Kind> device = std::nullopt;  ///< announced and answered only if the guest has such a device
  bool hash = false;         ///< it belongs to the hash MMU: enabled if the guest may have that, announced if it has it
  bool independent = false;  ///< its handler shares no state with others, or only state with its own lock
};

std::span<const HcallEntry> hcalls();
/// nullptr for an unknown number.
const HcallEntry *find_hcall(std::uint64_t number);
/// Answers one hcall; `entry` is the result of find_hcall(). An unknown number gets H_FUNCTION.
Answer dispatch_hcall(Context &context, std::uint64_t number, const HcallEntry *entry, HcallRegisters &registers);

}  // namespace parley::papr
