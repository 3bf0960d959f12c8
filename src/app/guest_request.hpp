// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "options.hpp"
#include "parley/guest/plan.hpp"

namespace parley::app {

/// The guest that the options ask for, with its files opened; without a kernel and a payload the built-in one.
std::expected<guest::GuestRequest, Failure> request_of(const Options &options);

}  // namespace parley::app
