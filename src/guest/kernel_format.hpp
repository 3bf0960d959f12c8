// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "parley/base/bytes.hpp"

namespace parley::guest {

/// The name of the file's format ("a gzip-compressed file"); "" for a 64-bit ELF file.
std::string_view foreign_format(ByteView file);

}  // namespace parley::guest
