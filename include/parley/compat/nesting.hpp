// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "parley/base/failure.hpp"
#include "parley/compat/decide.hpp"

namespace parley::compat {

/// Why a guest of this host cannot run guests of its own; none if it can. KVM offers nesting to a guest only by nested
/// API v1, on bare metal or below a hypervisor that offers API v1 itself.
std::optional<Failure> why_not_nested(const AssessedHost &host);

}  // namespace parley::compat
