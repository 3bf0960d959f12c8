// SPDX-License-Identifier: Apache-2.0
#include "parley/base/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace parley {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

constexpr std::size_t kChunk = 64 * 1024;

}  // namespace

std::expected<Bytes, FileError> read_file(const std::filesystem::path &path, std::size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return std::unexpected(FileError{path, errno});
  Bytes content;
  for (;;) {
    const std::size_t filled = content.size();
    content.resize(filled + kChunk);
    const ssize_t count = ::read(file.get(), content.data() + filled, kChunk);
    content.resize(filled + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(FileError{path, errno});
    if (count == 0) return content;
    if (content.size() > limit) return std::unexpected(FileError{path, EFBIG});
  }
}

std::expected<std::string, FileError> read_text(const std::filesystem::path &path, std::size_t limit) {
  const auto bytes = read_file(path, limit);
  if (!bytes) return std::unexpected(bytes.error());
  return std::string(reinterpret_cast<const char *>(bytes->data()), bytes->size());
}

}  // namespace parley
