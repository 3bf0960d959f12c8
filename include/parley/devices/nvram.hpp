// SPDX-License-Identifier: Apache-2.0
//
// The guest's NVRAM: 64 KiB that survive a reboot (LoPAR chapter 8).
//
// The guest reads and writes any range of bytes, through RTAS nvram-fetch and nvram-store. Its operating system
// organizes the bytes as partitions, each with a header of 16 bytes (LoPAR 8.2). Parley does not interpret them. It
// only formats a new NVRAM as one free partition, which guests expect of a new machine.
//
// Without a file, the content is lost with this object. With a file, each store is written through before the guest
// gets its answer. A lock on the file (flock) prevents two guests from using the same file. If a write fails, the guest
// gets an error, and the content that it reads stays unchanged.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <span>

#include "parley/base/bytes.hpp"
#include "parley/base/failure.hpp"
#include "parley/base/file_descriptor.hpp"

namespace parley::devices {

class Nvram {
 public:
  static constexpr std::uint32_t kSize = 64 * 1024;  ///< bytes

  /// A new NVRAM without a file: one free partition.
  Nvram();
  /// Opens a file of kSize bytes. A missing or empty file is created with one free partition.
  static std::expected<Nvram, Failure> open(const std::filesystem::path &path);

  /// Returns up to `length` bytes from `offset` on; fewer at the end of the NVRAM, none behind it.
  ByteView read(std::uint32_t offset, std::uint32_t length) const;
  /// Returns the number of stored bytes, which is smaller at the end of the NVRAM, or an errno if the file cannot be
  /// written.
  std::expected<std::uint32_t, int> write(std::uint32_t offset, ByteView bytes);

 private:
  Bytes content_;
  FileDescriptor file_;
};

}  // namespace parley::devices
