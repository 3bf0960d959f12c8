// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace parley::app {

/// Runs a function on a thread of its own, and makes one system call fail that this thread or one that it starts makes:
/// the n-th (from 1) of that number, with that errno. With n = 0 none fails. Returns how many there were. Linux hands
/// them to us, as to a tracer (seccomp's user notification), so that it is the C library that meets the failure.
int sabotage(long number, int nth, int error, const std::function<void()> &function);

}  // namespace parley::app
