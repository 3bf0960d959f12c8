// SPDX-License-Identifier: Apache-2.0
//
// The report for programs. docs/inspect.schema.json is its layout, and "schema" its version. It contains the facts
// beside the verdict, so that another version of Parley can assess a saved report again.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "parley/base/failure.hpp"
#include "parley/compat/decide.hpp"

namespace parley::report {

std::string inspect_json(const compat::AssessedHost &host);

/// The facts of a saved inspect_json. `name` is the file, for the message.
std::expected<host::Facts, Failure> read_inspect_json(std::string_view text, const std::string &name);

}  // namespace parley::report
