// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "parley/base/file_descriptor.hpp"

namespace parley::console {

/// Opens the pipe or terminal behind `fd` once more, with O_NONBLOCK: an open file description of our own, whose flags
/// no other process shares. `flags` are open()'s access mode. None where that is impossible (a socket, a terminal of
/// another user, no /proc) and where it is not needed (a regular file never blocks).
FileDescriptor reopen_nonblocking(int fd, int flags);

}  // namespace parley::console
