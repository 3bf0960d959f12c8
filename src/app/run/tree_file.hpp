// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>

#include "parley/base/bytes.hpp"
#include "parley/base/failure.hpp"
#include "parley/base/file_descriptor.hpp"

namespace parley::app {

/// The file of --dump-dtb, or none. It is opened before the sandbox forbids that.
class TreeFile {
 public:
  TreeFile() = default;
  /// The file keeps its content until the first write().
  static std::expected<TreeFile, Failure> open(const std::string &path);

  explicit operator bool() const { return static_cast<bool>(file_); }
  /// Replaces the content of the file; a pipe receives one tree after the other. Never waits: it runs under the lock
  /// that all vCPUs need. A pipe without room for the whole tree is an error, and gets no further tree.
  std::expected<void, Failure> write(ByteView tree);

 private:
  std::expected<void, Failure> write_to_pipe(ByteView tree);
  Failure cannot_write(const char *call, int error) const;

  std::string path_;
  FileDescriptor file_;
};

}  // namespace parley::app
