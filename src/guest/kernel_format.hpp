// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "parley/base/bytes.hpp"

namespace parley::guest {

/// What a file is that is no 64-bit ELF file for PowerPC ("a gzip-compressed file"); "" for one that is.
std::string_view foreign_format(ByteView file);

}  // namespace parley::guest
