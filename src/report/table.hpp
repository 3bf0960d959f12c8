// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace parley::report {

using Row = std::vector<std::string>;

/// Left-aligned columns with two spaces between them. The last column is not padded.
std::string table(const std::vector<Row> &rows);

}  // namespace parley::report
