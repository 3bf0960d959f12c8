// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pthread.h>

#include <atomic>
#include <optional>

#include "parley/kvm/system.hpp"
#include "parley/papr/context.hpp"

namespace parley::machine {

/// A vCPU and its state, as the threads of a machine share it.
struct Processor {
  Processor(kvm::Vcpu v, papr::Context c) : vcpu(std::move(v)), context(std::move(c)) {}
  VcpuId id() const { return context.caller; }

  kvm::Vcpu vcpu;
  papr::Context context;  ///< the resources that its calls may use

  // Set under the lock of Processors, cleared on the processor's own thread; any thread may read it.
  std::atomic<bool> running = false;  ///< started and not stopped; while false, immediate_exit is set
  std::optional<pthread_t> thread;    ///< under the lock of Processors

  // Written under the lock of the partition. Only its own thread sets it, so that thread reads it without the lock.
  bool stopping = false;  ///< it has called stop-self

  // Used by its own thread only.
  int retries = 0;                      ///< consecutive KVM_RUN calls that asked for a retry
  std::uint64_t unknown_calls = 0;      ///< calls of any kind without a handler
  std::uint64_t first_instruction = 0;  ///< the pc at its last start

  std::atomic<std::uint64_t> exits = 0;        ///< exits that the guest caused; written by its own thread only
  std::atomic<bool> sample_requested = false;  ///< set by the watchdog, cleared by its own thread
};

}  // namespace parley::machine
