// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace parley::report {

using Row = std::vector<std::string>;

/// Left-aligned columns, two spaces between them, the last one as long as it likes.
std::string table(const std::vector<Row> &rows);

}  // namespace parley::report
