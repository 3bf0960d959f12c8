// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "parley/base/level.hpp"
#include "parley/kvm/abi.hpp"

namespace parley::testing {

enum class Backend { kHv, kPr, kNone };
enum class Api { kBareMetal, kNestedV1, kNestedV2 };

struct FakeHost {
  Backend backend = Backend::kHv;
  Api api = Api::kNestedV2;
  Level level = parley::level("power10");  ///< of the host kernel
  PhysicalPvr pvr{0x00821200};
  bool fixed = true;               ///< Linux 7.2 or later
  bool grants_power9 = true;       ///< under v2; PowerVM does not
  bool hypervisor_checks = false;  ///< under v2, the hypervisor refuses a level above the host's at entry (PowerVM)
  bool huge_pages = false;         ///< has reserved some
  int api_version = 12;
  std::optional<kvm::abi::Cap> lacks = std::nullopt;
  std::optional<std::uint64_t> compat_caps = std::nullopt;  ///< KVM_PPC_GET_COMPAT_CAPS; none before Linux 7.3
};

}  // namespace parley::testing
