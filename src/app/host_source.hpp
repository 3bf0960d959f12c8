// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>

#include "parley/base/failure.hpp"
#include "parley/compat/decide.hpp"

namespace parley::app {

/// Of a saved report, in bytes.
inline constexpr std::size_t kMaxReportSize = std::size_t{64} << 20;

/// The host that --host names: a folder, a .dtb, or a saved JSON report, told apart by what they are.
std::expected<host::Facts, Failure> load_host(const std::string &path);

compat::Host assess_host(host::Facts facts);

}  // namespace parley::app
