// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace parley::app {

/// The least urgent messages that are printed. Warnings always are: a replaced or forced level is one.
enum class LogLevel : std::uint8_t { kWarning, kInfo, kDebug, kTrace };

}  // namespace parley::app
