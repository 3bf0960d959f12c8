// SPDX-License-Identifier: Apache-2.0
//
// What Parley may still do once a guest runs.
//
// Whoever breaks out of a guest into its VMM finds a process that can make no other program, open no file and reach no
// network: before the guest's first instruction all that it needs is open, and from then on each thread may make only
// the system calls that are listed for its kind (src/sandbox/rules.cpp, the whole policy). Any other ends the process
// at once. Linux hands a thread's filters on to the threads that it makes, and each filter is run through at every
// system call: the thread that makes the vCPUs' has one that allows what they need, and theirs take the rest away.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <vector>

#include "parley/base/failure.hpp"

namespace parley::sandbox {

enum class Mode : std::uint8_t {
  kOn,
  kLog,  ///< nothing is refused; what would be is in the kernel's log (audit type 1326)
  kOff,
};

/// The kinds of threads: the console's, the guest's first vCPU's, and those of the other vCPUs.
enum class Kind : std::uint8_t { kConsole, kGuest, kVcpu };

/// What may still be done with files by their paths.
struct Openings {
  std::vector<std::filesystem::path> removable_in;  ///< folders in which files may be removed
  /// A descriptor of a folder, relative to which a thread of kind kGuest may open files to read them; -1 for none. Only
  /// where confines_files(), as a filter cannot see a path.
  int readable_below = -1;
};

/// Whether the kernel can keep a process to a folder (Landlock).
std::expected<bool, Failure> confines_files();
/// For the whole process, which must have one thread: no new privileges, and by Landlock (where the kernel has it) no
/// file but those that are open.
std::expected<void, Failure> lock_process(Mode mode, const Openings &openings);
/// For the calling thread and those that it makes, after lock_process(): the filter of its kind.
std::expected<void, Failure> lock_thread(Mode mode, Kind kind, const Openings &openings);

}  // namespace parley::sandbox
