// SPDX-License-Identifier: Apache-2.0
#include "app/run/tree_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "parley/base/file.hpp"

namespace parley::app {

std::expected<TreeFile, Failure> TreeFile::open(const std::string &path) {
  TreeFile file;
  file.path_ = path;
  file.file_ = FileDescriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  if (!file.file_) return std::unexpected(file.cannot_write("open", errno));
  return file;
}

std::expected<void, Failure> TreeFile::write(ByteView tree) const {
  const ssize_t count = ::pwrite(file_.get(), tree.data(), tree.size(), 0);
  if (count < 0 && errno == ESPIPE) {
    const auto written = write_all(file_.get(), tree);
    if (!written) return std::unexpected(cannot_write("write", written.error()));
    return {};
  }
  if (count != std::ssize(tree)) return std::unexpected(cannot_write("pwrite", count < 0 ? errno : ENOSPC));
  if (::ftruncate(file_.get(), count) != 0) return std::unexpected(cannot_write("ftruncate", errno));
  return {};
}

Failure TreeFile::cannot_write(const char *call, int error) const {
  return {"cannot write the guest's tree to " + path_, call + (": " + errno_text(error)),
          "name a writable file on a disk with room"};
}

}  // namespace parley::app
