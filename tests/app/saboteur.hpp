// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace parley::app {

/// Runs a function on a thread of its own, and makes one system call fail: the n-th call (from 1) of that number, by
/// that thread or by one that it starts, with that errno. With n = 0 no call fails. Returns the number of such calls.
/// Linux passes the calls to us as to a tracer (seccomp's user notification), so that the C library sees the failure.
int sabotage(long number, int nth, int error, const std::function<void()> &function);

}  // namespace parley::app
