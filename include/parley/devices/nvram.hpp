// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <span>

#include "parley/base/bytes.hpp"
#include "parley/base/failure.hpp"
#include "parley/base/file_descriptor.hpp"

namespace parley::devices {

/// The guest's non-volatile memory, 64 KiB. It lives as long as this object, or in a file that is written through with
/// each store.
class Nvram {
 public:
  static constexpr std::uint32_t kSize = 64 * 1024;  ///< bytes

  /// One free partition.
  Nvram();
  /// Reads `path`, which must hold kSize bytes; creates it, with one free partition, where there is none or an empty
  /// file.
  static std::expected<Nvram, Failure> open(const std::filesystem::path &path);

  /// As many bytes as there are from `offset` on; less than asked for at the end.
  ByteView read(std::uint32_t offset, std::uint32_t length) const;
  /// The number of bytes stored, less than given at the end; an errno where the file could not be written.
  std::expected<std::uint32_t, int> write(std::uint32_t offset, ByteView bytes);

 private:
  Bytes content_;
  FileDescriptor file_;
};

}  // namespace parley::devices
