// SPDX-License-Identifier: Apache-2.0
#include "app/run/tree_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace parley::app {
namespace {

constexpr int kPipeSize = 1 << 20;  // bytes; /proc/sys/fs/pipe-max-size without privileges

bool is_pipe(int fd) {
  struct stat file {};
  return ::fstat(fd, &file) == 0 && S_ISFIFO(file.st_mode);
}

}  // namespace

std::expected<TreeFile, Failure> TreeFile::open(const std::string &path) {
  TreeFile file;
  file.path_ = path;
  file.file_ = FileDescriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  if (!file.file_) return std::unexpected(file.cannot_write("open", errno));
  if (is_pipe(file.file_.get())) {
    // After the open, which waits for a reader. If the system refuses the size, it stays at 64 KiB.
    ::fcntl(file.file_.get(), F_SETPIPE_SZ, kPipeSize);
    ::fcntl(file.file_.get(), F_SETFL, O_NONBLOCK);
  }
  return file;
}

std::expected<void, Failure> TreeFile::write(ByteView tree) {
  if (!file_) return {};  // a failure was reported
  const ssize_t count = ::pwrite(file_.get(), tree.data(), tree.size(), 0);
  if (count < 0 && errno == ESPIPE) return write_to_pipe(tree);
  if (count != std::ssize(tree)) return std::unexpected(cannot_write("pwrite", count < 0 ? errno : ENOSPC));
  if (::ftruncate(file_.get(), count) != 0) return std::unexpected(cannot_write("ftruncate", errno));
  return {};
}

std::expected<void, Failure> TreeFile::write_to_pipe(ByteView tree) {
  const ssize_t count = ::write(file_.get(), tree.data(), tree.size());
  if (count == std::ssize(tree)) return {};
  const int error = count < 0 ? errno : EAGAIN;
  file_.reset();  // the reader would take the next tree for the rest of this one
  return std::unexpected(cannot_write("write", error));
}

Failure TreeFile::cannot_write(const char *call, int error) const {
  return {"cannot write the guest's tree to " + path_, call + (": " + errno_text(error)),
          "name a writable file on a disk with room"};
}

}  // namespace parley::app
