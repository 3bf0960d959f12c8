// SPDX-License-Identifier: Apache-2.0
//
// Restricts Parley before its guest runs.
//
// An attacker who breaks out of a guest into the VMM must find a process that can start no program, open no file and
// reach no network. Everything that the guest needs is opened before its first instruction. From then on each thread
// may make only the system calls that are listed for its kind; any other call ends the process at once. The whole
// policy is the table in src/sandbox/rules.cpp.
//
// A new thread inherits the filters of its creator, and the kernel runs all filters of a thread at every system call.
// So the guest's thread, which creates the vCPUs' threads, has a filter that allows their calls too, and each vCPU's
// thread adds a filter that removes the rest.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <vector>

#include "parley/base/failure.hpp"

namespace parley::sandbox {

enum class Mode : std::uint8_t {
  kOn,
  kLog,  ///< nothing is refused; forbidden calls appear in the kernel's log (audit type 1326)
  kOff,
};

/// The kinds of threads: of the console, of the guest's first vCPU, and of the other vCPUs.
enum class Kind : std::uint8_t { kConsole, kGuest, kVcpu };

/// The remaining access to files by path.
struct Openings {
  std::vector<std::filesystem::path> removable_in;  ///< folders in which files may be removed
  /// The descriptor of a folder; a thread of kind kGuest may open files relative to it for reading. -1: none. Requires
  /// confines_files(), because a seccomp filter cannot see a path.
  int readable_below = -1;
};

/// Whether the kernel can confine a process to a folder (Landlock).
std::expected<bool, Failure> confines_files();
/// Restricts the whole process, which must have a single thread: no new privileges, and with Landlock (if the kernel
/// has it) no access to files that are not open yet, except for the openings.
std::expected<void, Failure> lock_process(Mode mode, const Openings &openings);
/// Installs the filter of this kind for the calling thread and the threads that it creates. After lock_process().
std::expected<void, Failure> lock_thread(Mode mode, Kind kind, const Openings &openings);

}  // namespace parley::sandbox
