// SPDX-License-Identifier: Apache-2.0
#include "parley/devices/vty.hpp"

namespace parley::devices {

bool Vty::answers_to(std::uint64_t unit) {
  constexpr std::uint64_t kUnit = 0x71000000;  // its "reg" in the guest's tree
  return unit == 0 || unit == kUnit;
}

void Vty::write(std::string_view text) { sink_(text); }

}  // namespace parley::devices
