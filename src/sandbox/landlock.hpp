// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <filesystem>
#include <optional>

#include "parley/kvm/handle.hpp"

namespace parley::sandbox {

/// Takes all access to files by their paths away from the process, but for the removal of files in that folder and
/// below it, which Landlock cannot tell apart. Fine also where the kernel has no Landlock, which is then no part of the
/// sandbox.
std::expected<void, kvm::CallError> close_files(const std::optional<std::filesystem::path> &removable_in);

}  // namespace parley::sandbox
