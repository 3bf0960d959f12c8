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

/// Reads a whole file, also one that does not report its size (/proc, /sys).
std::expected<Bytes, FileError> read_file(const std::filesystem::path &path, std::size_t limit);
/// Reads the rest of an open file; an errno where that fails. Where `size` is given, it stops there without a read(2)
/// for the end of the file.
std::expected<Bytes, int> read_file(const FileDescriptor &file, std::size_t limit,
                                    std::optional<std::size_t> size = std::nullopt);
std::expected<std::string, FileError> read_text(const std::filesystem::path &path, std::size_t limit);

/// Writes all of `content` to a descriptor and waits where it is full; an errno where that fails.
std::expected<void, int> write_all(int fd, ByteView content);

/// Creates the file, or replaces its content.
std::expected<void, FileError> write_file(const std::filesystem::path &path, ByteView content);

/// Replaces or creates the file in one step: a reader finds either the old or the new content as a whole, even after a
/// crash of this process or the machine. A failure leaves no temporary file.
std::expected<void, FileError> replace_file(const std::filesystem::path &path, ByteView content);

/// Constant bytes of a file or of memory; copies share them. A regular file is mapped, so only the pages that are used
/// are read.
class SharedBytes {
 public:
  SharedBytes() : SharedBytes(Bytes()) {}
  explicit SharedBytes(Bytes bytes);
  static std::expected<SharedBytes, FileError> open(const std::filesystem::path &path, std::size_t limit);

  ByteView view() const;
  /// The descriptor of the mapped file, -1 where there is none.
  int fd() const;

 private:
  class Holder;
  explicit SharedBytes(std::shared_ptr<const Holder> holder) : holder_(std::move(holder)) {}
  std::shared_ptr<const Holder> holder_;
};

}  // namespace parley
