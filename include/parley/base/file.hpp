// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "parley/base/bytes.hpp"
#include "parley/base/file_descriptor.hpp"

namespace parley {

struct FileError {
  std::filesystem::path path;
  int error;  ///< errno; EFBIG when the file is larger than the limit
};

/// Reads a whole file, also one whose size the kernel does not tell (/proc, /sys).
std::expected<Bytes, FileError> read_file(const std::filesystem::path &path, std::size_t limit);
/// Reads what is left in an open one; an errno where that fails. Where its size is known, the end is not looked for.
std::expected<Bytes, int> read_file(const FileDescriptor &file, std::size_t limit,
                                    std::optional<std::size_t> size = std::nullopt);
std::expected<std::string, FileError> read_text(const std::filesystem::path &path, std::size_t limit);

/// Writes all of `content` to a descriptor, waiting for its reader; an errno where that fails.
std::expected<void, int> write_all(int fd, ByteView content);

/// Creates the file, or replaces what it holds.
std::expected<void, FileError> write_file(const std::filesystem::path &path, ByteView content);

/// Puts `content` in the place of the file, or creates it, in one step: whoever reads it finds all of the old or all of
/// the new content, also when this process or the machine dies. Nothing stays behind where it fails.
std::expected<void, FileError> replace_file(const std::filesystem::path &path, ByteView content);

/// Bytes that nobody changes, of a file or of memory; copies of this share them. A file is mapped, where it can be, so
/// that what is not looked at is not read.
class SharedBytes {
 public:
  SharedBytes() : SharedBytes(Bytes()) {}
  explicit SharedBytes(Bytes bytes);
  static std::expected<SharedBytes, FileError> open(const std::filesystem::path &path, std::size_t limit);

  ByteView view() const;
  /// The descriptor of the file that is mapped, -1 when there is none.
  int fd() const;

 private:
  class Holder;
  explicit SharedBytes(std::shared_ptr<const Holder> holder) : holder_(std::move(holder)) {}
  std::shared_ptr<const Holder> holder_;
};

}  // namespace parley
