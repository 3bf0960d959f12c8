// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "parley/kvm/abi.hpp"

namespace parley::testing {

/// One KVM_RUN: fills in kvm_run and returns an errno, 0 for success.
using PlayedExit = std::function<int(kvm::abi::Run &)>;

// Exits for FakeKvm::play().

PlayedExit hcall(std::uint64_t number, std::vector<std::uint64_t> arguments);
/// H_PUT_TERM_CHAR with up to 16 characters.
PlayedExit says(std::string text);
/// A load from an address outside of RAM, and a store to one.
PlayedExit load(std::uint64_t address, std::uint32_t length);
PlayedExit store(std::uint64_t address, std::vector<std::uint8_t> bytes);
/// An exit with that errno and exit_reason; none leaves the reason untouched. `hardware_reason` is that of UNKNOWN,
/// FAIL_ENTRY and INTERNAL_ERROR.
PlayedExit fails(int error, std::optional<std::uint32_t> exit_reason = {}, std::uint64_t hardware_reason = 0);

}  // namespace parley::testing
