// SPDX-License-Identifier: Apache-2.0
#include "reopen.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <string>

namespace parley::console {

FileDescriptor reopen_nonblocking(int fd, int flags) {
  struct stat file {};
  char name[64];
  // Opening the master of a pty would make another pty.
  const bool is_master = ::ptsname_r(fd, name, sizeof name) == 0;
  if (::fstat(fd, &file) != 0 || !(S_ISFIFO(file.st_mode) || (::isatty(fd) != 0 && !is_master)))
    return FileDescriptor();
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return FileDescriptor(::open(path.c_str(), flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

}  // namespace parley::console
