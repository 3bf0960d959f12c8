// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>

namespace parley::sandbox {

/// Takes all access to files by their paths away from the process, but for the removal of files in that folder and
/// below it, which Landlock cannot tell apart. An errno; 0 also where the kernel has no Landlock, which is then no part
/// of the sandbox.
int close_files(const std::optional<std::filesystem::path> &removable_in);

}  // namespace parley::sandbox
