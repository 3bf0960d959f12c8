// SPDX-License-Identifier: Apache-2.0
//
// What programs read. The layout is docs/inspect.schema.json; "schema" carries its version. The facts stand beside what
// was made of them, so that a saved report can be judged again, by a newer Parley too.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "parley/base/failure.hpp"
#include "parley/compat/decide.hpp"

namespace parley::report {

std::string inspect_json(const compat::AssessedHost &host);

/// The facts out of a saved inspect_json. `name` says where it came from, for the message.
std::expected<host::Facts, Failure> read_inspect_json(std::string_view text, const std::string &name);

}  // namespace parley::report
