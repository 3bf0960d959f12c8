// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pthread.h>

#include <atomic>
#include <optional>

#include "parley/kvm/system.hpp"
#include "parley/papr/context.hpp"

namespace parley::machine {

/// A vCPU, and what the threads of a machine know about it.
struct Processor {
  Processor(kvm::Vcpu v, papr::Context c) : vcpu(std::move(v)), context(std::move(c)) {}
  VcpuId id() const { return context.caller; }

  kvm::Vcpu vcpu;
  papr::Context context;  ///< what its guest's calls may touch

  // Written under the lock of Processors, read by any thread.
  std::atomic<bool> running = false;  ///< started, and not stopped again; while false, immediate_exit is set
  std::optional<pthread_t> thread;    ///< read under that lock too

  // Written under the lock of the partition; its own thread reads without it, as that thread alone sets it.
  bool leaving = false;  ///< it has called stop-self

  // Of its own thread alone.
  int retries = 0;                      ///< times in a row that KVM_RUN asked for another try
  std::uint64_t unknown_calls = 0;      ///< calls of any kind that have no handler
  std::uint64_t first_instruction = 0;  ///< where it was last started

  std::atomic<std::uint64_t> exits = 0;  ///< times that it left the guest by itself; written by its own thread alone
  std::atomic<bool> sample_wanted = false;
};

}  // namespace parley::machine
