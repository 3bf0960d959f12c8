// SPDX-License-Identifier: Apache-2.0
#include "parley/devices/vty.hpp"

namespace parley::devices {

void Vty::write(std::string_view text) { sink_(text); }

}  // namespace parley::devices
