// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/bytes.hpp"
#include "parley/compat/platform.hpp"
#include "parley/devices/spec.hpp"

namespace parley::guest {

/// A property of the /rtas node that carries a token.
struct RtasProperty {
  std::string name;  ///< "power-off"
  std::uint32_t token;
  std::optional<devices::Kind> device = std::nullopt;  ///< announced only if the guest has such a device
  friend bool operator==(const RtasProperty &, const RtasProperty &) = default;
};

/// A value of "ibm,hypertas-functions".
struct FunctionSet {
  std::string name;                                    ///< "hcall-term"
  std::optional<devices::Kind> device = std::nullopt;  ///< announced only if the guest has such a device
  bool hash = false;                                   ///< announced only while the guest has the hash MMU
  friend bool operator==(const FunctionSet &, const FunctionSet &) = default;
};

/// The calls that the papr layer answers, in the form in which the guest's tree announces them.
struct PaprInterface {
  std::vector<RtasProperty> rtas;
  std::vector<FunctionSet> hypertas;
  std::vector<std::uint64_t> enabled_hcalls;  ///< KVM answers these only after KVM_CAP_PPC_ENABLE_HCALL
  compat::Platform platform;                  ///< the guest's choice; the next two follow from it
  Bytes platform_support;                     ///< "ibm,arch-vec-5-platform-support"
  Bytes granted;                              ///< "ibm,architecture-vec-5" for a guest that does not negotiate
  Bytes hash_support;                         ///< as `platform_support`, for a guest that starts with hash
  Bytes hash_granted;                         ///< as `granted`, for a guest that starts with hash
  friend bool operator==(const PaprInterface &, const PaprInterface &) = default;
};

}  // namespace parley::guest
