// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>

#include "parley/base/bytes.hpp"
#include "parley/base/failure.hpp"
#include "parley/base/file_descriptor.hpp"

namespace parley::app {

/// The file of --dump-dtb, or none, opened while files can be.
class TreeFile {
 public:
  TreeFile() = default;
  /// What it holds stays until there is a tree.
  static std::expected<TreeFile, Failure> open(const std::string &path);

  explicit operator bool() const { return static_cast<bool>(file_); }
  /// Replaces what it holds; a pipe gets one tree behind the other.
  std::expected<void, Failure> write(ByteView tree) const;

 private:
  Failure cannot_write(const char *call, int error) const;

  std::string path_;
  FileDescriptor file_;
};

}  // namespace parley::app
