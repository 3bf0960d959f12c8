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
  kFunction = -2,  ///< no such hcall
  kParameter = -4,
};

using HcallArguments = std::array<std::uint64_t, 9>;  ///< r4 to r12

struct HcallEntry {
  std::uint64_t number;
  std::string_view name;
  std::string_view hypertas;  ///< "" when no function set stands for it
  Status (*handle)(Context &, const HcallArguments &);
};

std::span<const HcallEntry> hcalls();
/// nullptr for a number that is not answered.
const HcallEntry *find_hcall(std::uint64_t number);
/// Answers one hcall; an unknown number gets H_FUNCTION.
Status dispatch_hcall(Context &context, std::uint64_t number, const HcallArguments &arguments);

/// The values of "ibm,hypertas-functions".
std::vector<std::string> hypertas_functions();

}  // namespace parley::papr
