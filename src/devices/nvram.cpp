// SPDX-License-Identifier: Apache-2.0
#include "parley/devices/nvram.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace parley::devices {
namespace {

Failure cannot_use(const std::filesystem::path &path, std::string why) {
  return {"cannot use " + path.string() + " as the guest's NVRAM", std::move(why),
          "give a file of 65536 bytes, or a path where a new file can be created"};
}

// The header of a partition (LoPAR 8.2, NVRAM partition header): signature, checksum, length in blocks of 16 bytes,
// name.
void format(Bytes &content) {
  constexpr std::byte kFree{0x7f};
  content[0] = kFree;
  store_be(std::span(content).subspan(2), static_cast<std::uint16_t>(Nvram::kSize / 16));
  std::fill_n(content.begin() + 4, 12, std::byte{'w'});
  unsigned sum = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i != 1) sum += std::to_integer<unsigned>(content[i]);
    sum = (sum & 0xff) + (sum >> 8);  // end-around carry
  }
  content[1] = static_cast<std::byte>(sum);
}

}  // namespace

Nvram::Nvram() : content_(kSize) { format(content_); }

std::expected<Nvram, Failure> Nvram::open(const std::filesystem::path &path) {
  Nvram nvram;
  nvram.file_ = FileDescriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const int fd = nvram.file_.get();
  const auto failed = [&](const char *call, int error = errno) {
    return std::unexpected(cannot_use(path, call + (": " + errno_text(error))));
  };
  if (fd < 0) return failed("open");
  struct stat status {};
  if (::fstat(fd, &status) != 0) return failed("fstat");
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0)
    return failed(errno == EWOULDBLOCK ? "another guest uses it; flock" : "flock");
  if (!S_ISREG(status.st_mode) || (status.st_size != 0 && status.st_size != kSize))
    return std::unexpected(cannot_use(path, "it is not a regular file of 65536 bytes"));
  const bool is_new = status.st_size == 0;
  const ssize_t count =
      is_new ? ::pwrite(fd, nvram.content_.data(), kSize, 0) : ::pread(fd, nvram.content_.data(), kSize, 0);
  if (count != kSize) return failed(is_new ? "pwrite" : "pread", count < 0 ? errno : EIO);
  return nvram;
}

ByteView Nvram::read(std::uint32_t offset, std::uint32_t length) const {
  if (offset >= kSize) return {};
  return ByteView(content_).subspan(offset, std::min(length, kSize - offset));
}

std::expected<std::uint32_t, int> Nvram::write(std::uint32_t offset, ByteView bytes) {
  if (offset >= kSize) return 0u;
  const auto stored = bytes.first(std::min<std::size_t>(bytes.size(), kSize - offset));
  if (file_) {
    const ssize_t count = ::pwrite(file_.get(), stored.data(), stored.size(), static_cast<off_t>(offset));
    if (count != static_cast<ssize_t>(stored.size())) return std::unexpected(count < 0 ? errno : ENOSPC);
  }
  std::ranges::copy(stored, content_.begin() + offset);
  return static_cast<std::uint32_t>(stored.size());
}

}  // namespace parley::devices
