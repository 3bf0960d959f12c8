// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>

#include "parley/kvm/handle.hpp"
#include "parley/sandbox/sandbox.hpp"

namespace parley::sandbox {

/// The version of Landlock's interface; 0 where the kernel has none.
std::expected<long, kvm::CallError> landlock_abi();

/// Takes all access to files by their paths away from the process, but for the openings, which hold for a folder and
/// all below it: Landlock cannot tell these apart. Fine also where the kernel has no Landlock, which is then no part of
/// the sandbox.
std::expected<void, kvm::CallError> close_files(const Openings &openings);

}  // namespace parley::sandbox
