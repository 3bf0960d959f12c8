// SPDX-License-Identifier: Apache-2.0
//
// The inputs of the VMM that neither the guest nor KVM supplies: time and random numbers.
//
// A guest sees both. Its time of day comes from the wall clock (RTAS get-time-of-day), its boot firmware counts
// milliseconds (the client interface's milliseconds service), and H_RANDOM and the device tree's rng-seed carry random
// numbers. Two runs of the same guest differ by these inputs and by the calls to KVM; a recording of both repeats a
// run. So no other code reads a clock or calls getrandom(2) for the guest: it is given an Environment. (KVM's own
// inputs, such as the time base and the decrementer, are in the kernel.) In production that is real_environment(). A
// test gives one with fixed times and known "random" bytes (tests/base/fake_environment.hpp).
//
// Timeouts of threads that wait (condition variables, the console's timers) do not reach the guest and need no
// Environment.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <span>

namespace parley {

/// UTC.
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;
/// Time since an arbitrary start. It never goes back.
using SteadyTime = std::chrono::steady_clock::time_point;

/// All functions may be called from any thread.
class Environment {
 public:
  virtual ~Environment() = default;

  virtual WallTime wall_time() = 0;
  virtual SteadyTime steady_time() = 0;
  /// CPU time of the calling thread, in user mode, in the kernel and in its guest.
  virtual std::chrono::nanoseconds thread_time() = 0;
  /// Fills all of `into` with random bytes; an errno where the kernel has none.
  virtual std::expected<void, int> random(std::span<std::byte> into) = 0;
};

/// The clocks and the random numbers of this machine.
Environment &real_environment();

}  // namespace parley
