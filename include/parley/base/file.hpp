// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>

#include "parley/base/bytes.hpp"

namespace parley {

struct FileError {
  std::filesystem::path path;
  int error;  ///< errno; EFBIG when the file is larger than the limit
};

/// Reads a whole file, also one whose size the kernel does not tell (/proc, /sys).
std::expected<Bytes, FileError> read_file(const std::filesystem::path &path, std::size_t limit);
std::expected<std::string, FileError> read_text(const std::filesystem::path &path, std::size_t limit);

}  // namespace parley
