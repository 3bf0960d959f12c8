// SPDX-License-Identifier: Apache-2.0
//
// Hypervisor calls (LoPAR chapter 14). One table says which numbers are answered, by what name, and which function set
// the guest's tree announces for it ("ibm,hypertas-functions"): the tree cannot promise what the code does not answer.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/papr/context.hpp"

namespace parley::papr {

/// LoPAR table 14.1, return codes.
enum class Status : std::int64_t {
  kSuccess = 0,
  kNotAvailable = 3,
  kHardware = -1,
  kFunction = -2,  ///< no such hcall
  kParameter = -4,
  kP2 = -55,  ///< the second parameter is bad, and so on
  kP3 = -56,
  kP4 = -57,
  kUnsupportedFlag = -256,
};

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
  Status (*handle)(Context &, HcallRegisters &) = nullptr;
  bool enable = false;       ///< KVM answers it only when it is told to (KVM_CAP_PPC_ENABLE_HCALL)
  bool independent = false;  ///< its handler touches nothing that another's does, or only what has a lock of its own
};

std::span<const HcallEntry> hcalls();
/// nullptr for a number that is not answered.
const HcallEntry *find_hcall(std::uint64_t number);
/// Answers one hcall, of which `entry` is what find_hcall() found; an unknown number gets H_FUNCTION.
Status dispatch_hcall(Context &context, std::uint64_t number, const HcallEntry *entry, HcallRegisters &registers);

/// The values of "ibm,hypertas-functions".
std::vector<std::string> hypertas_functions();

}  // namespace parley::papr
