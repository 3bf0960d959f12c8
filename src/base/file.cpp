// SPDX-License-Identifier: Apache-2.0
//
// Reading and writing of whole files.
//
// Files of /proc and /sys report size 0, and pipes have none, so a reader asks for more until read(2) returns 0; a
// limit keeps an endless file from filling memory. A signal may interrupt read(2) and write(2) (EINTR), and write(2)
// may take a part only; the loops below hide both.
//
// A report must never be half written: another process may read it at any moment, and the host may crash. So
// replace_file() writes a temporary file beside it, forces it to disk (fsync(2)), and renames it over the old one.
// SharedBytes maps images of kernels and initrds instead of reading them: most of their pages go into the guest's
// memory by mapping the same file there (kvm::Mapping::lay_file).
#include "parley/base/file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <utility>

#include "parley/base/text.hpp"

namespace parley {

std::expected<Bytes, int> read_file(const FileDescriptor &file, std::size_t limit, std::optional<std::size_t> size) {
  // Most files of /proc and /sys have a few bytes: one page is enough for them. Longer files get growing chunks.
  constexpr std::size_t kFirst = 4096;
  constexpr std::size_t kLargest = 256 * kFirst;
  Bytes content;
  Bytes chunk(kFirst);
  for (;;) {
    const ssize_t count = ::read(file.get(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(errno);
    if (count == 0) return content;
    content.insert(content.end(), chunk.begin(), chunk.begin() + count);
    if (content.size() > limit) return std::unexpected(EFBIG);
    if (content.size() == size) return content;
    if (static_cast<std::size_t>(count) == chunk.size()) chunk.resize(std::min(2 * chunk.size(), kLargest));
  }
}

std::expected<Bytes, FileError> read_file(const std::filesystem::path &path, std::size_t limit) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return std::unexpected(FileError{path, errno});
  auto content = read_file(file, limit);
  if (!content) return std::unexpected(FileError{path, content.error()});
  return std::move(*content);
}

std::expected<std::string, FileError> read_text(const std::filesystem::path &path, std::size_t limit) {
  const auto bytes = read_file(path, limit);
  if (!bytes) return std::unexpected(bytes.error());
  return std::string(reinterpret_cast<const char *>(bytes->data()), bytes->size());
}

std::expected<void, int> write_all(int fd, ByteView content) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EAGAIN) {
      pollfd waiting{fd, POLLOUT, 0};
      ::poll(&waiting, 1, -1);
    }
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) return std::unexpected(errno);
    content = content.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

std::expected<void, FileError> write_file(const std::filesystem::path &path, ByteView content) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.get() < 0) return std::unexpected(FileError{path, errno});
  const auto written = write_all(file.get(), content);
  if (!written) return std::unexpected(FileError{path, written.error()});
  return {};
}

std::expected<void, FileError> replace_file(const std::filesystem::path &path, ByteView content) {
  // In the same folder, because rename(2) is atomic only within a file system. Hidden, and with a random name, because
  // another process, even on another machine, may write to the same folder.
  std::random_device random;
  const std::string suffix = hex32(random()) + hex32(random());
  const std::filesystem::path beside = path.parent_path() / ("." + path.filename().string() + "." + suffix);
  FileDescriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (file.get() < 0) return std::unexpected(FileError{path, errno});
  const auto fill = [&]() -> int {
    if (const auto written = write_all(file.get(), content); !written) return written.error();
    return ::fsync(file.get()) == 0 && ::rename(beside.c_str(), path.c_str()) == 0 ? 0 : errno;
  };
  if (const int error = fill(); error != 0) {
    ::unlink(beside.c_str());
    return std::unexpected(FileError{path, error});
  }
  return {};
}

// Holds either a mapped file or bytes.
class SharedBytes::Holder {
 public:
  explicit Holder(Bytes bytes) : file_(-1), bytes_(std::move(bytes)), view_(bytes_) {}
  Holder(FileDescriptor file, void *mapping, std::size_t size)
      : file_(std::move(file)), view_(static_cast<const std::byte *>(mapping), size) {}
  ~Holder() {
    if (file_.get() >= 0) ::munmap(const_cast<std::byte *>(view_.data()), view_.size());
  }
  Holder(Holder &&) = delete;
  Holder &operator=(Holder &&) = delete;

  ByteView view() const { return view_; }
  int fd() const { return file_.get(); }

 private:
  FileDescriptor file_;
  Bytes bytes_;
  ByteView view_;
};

SharedBytes::SharedBytes(Bytes bytes) : holder_(std::make_shared<const Holder>(std::move(bytes))) {}

std::expected<SharedBytes, FileError> SharedBytes::open(const std::filesystem::path &path, std::size_t limit) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) return std::unexpected(FileError{path, errno});
  const auto size = static_cast<std::size_t>(status.st_size);
  if (S_ISREG(status.st_mode) && size > limit) return std::unexpected(FileError{path, EFBIG});
  if (S_ISREG(status.st_mode) && size > 0) {
    void *mapping = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (mapping != MAP_FAILED) return SharedBytes(std::make_shared<const Holder>(std::move(file), mapping, size));
  }
  // A pipe, or a file that does not report its size.
  auto content = read_file(file, limit);
  if (!content) return std::unexpected(FileError{path, content.error()});
  return SharedBytes(std::move(*content));
}

ByteView SharedBytes::view() const { return holder_->view(); }
int SharedBytes::fd() const { return holder_->fd(); }

}  // namespace parley
