// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "parley/compat/decide.hpp"

namespace parley::report {

using Json = nlohmann::ordered_json;

/// What 'parley inspect --json' prints.
Json inspect_value(const compat::Host &host);
/// One attempt to set arch_compat.
Json trial_value(const host::LevelTrial &trial);

}  // namespace parley::report
