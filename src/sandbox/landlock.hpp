// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>

#include "parley/kvm/handle.hpp"
#include "parley/sandbox/sandbox.hpp"

namespace parley::sandbox {

/// The version of Landlock's interface; 0 if the kernel has none.
std::expected<long, kvm::CallError> landlock_abi();

/// Removes all access to files by path from the process, except for the openings. An opening covers a folder and
/// everything below it, because Landlock cannot separate the two. Succeeds without effect on a kernel without Landlock.
std::expected<void, kvm::CallError> close_files(const Openings &openings);

}  // namespace parley::sandbox
