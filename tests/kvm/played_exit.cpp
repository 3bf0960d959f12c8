// SPDX-License-Identifier: Apache-2.0
#include "played_exit.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "parley/base/bytes.hpp"

namespace parley::testing {

namespace abi = kvm::abi;

PlayedExit hcall(std::uint64_t number, std::vector<std::uint64_t> arguments) {
  return [number, arguments = std::move(arguments)](abi::Run &run) {
    run.exit_reason = abi::kExitPaprHcall;
    run.papr_hcall.nr = number;
    run.papr_hcall.args.fill(0);
    std::ranges::copy(arguments, run.papr_hcall.args.begin());
    return 0;
  };
}

PlayedExit says(std::string text) {
  std::array<std::byte, 16> bytes{};
  std::memcpy(bytes.data(), text.data(), text.size());
  return hcall(0x58, {0, text.size(), load_be<std::uint64_t>(std::span(bytes).first<8>()),
                      load_be<std::uint64_t>(std::span(bytes).last<8>())});
}

PlayedExit load(std::uint64_t address, std::uint32_t length) {
  return [=](abi::Run &run) {
    run.exit_reason = abi::kExitMmio;
    run.mmio = {address, {}, length, 0};
    return 0;
  };
}

PlayedExit store(std::uint64_t address, std::vector<std::uint8_t> bytes) {
  return [address, bytes = std::move(bytes)](abi::Run &run) {
    run.exit_reason = abi::kExitMmio;
    run.mmio = {address, {}, static_cast<std::uint32_t>(bytes.size()), 1};
    std::ranges::copy(bytes, run.mmio.data);
    return 0;
  };
}

PlayedExit fails(int error, std::optional<std::uint32_t> exit_reason, std::uint64_t hardware_reason) {
  return [=](abi::Run &run) {
    if (exit_reason) run.exit_reason = *exit_reason;
    run.hw.hardware_exit_reason = hardware_reason;
    return error;
  };
}

}  // namespace parley::testing
