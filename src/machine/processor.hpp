// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>

#include "parley/kvm/system.hpp"
#include "parley/papr/context.hpp"

namespace parley::machine {

/// A look at a vCPU from outside, taken by its own thread between two entries.
struct Sample {
  kvm::abi::Regs regs{};
  std::chrono::nanoseconds processor_time{};  ///< of its thread, the guest's included
};

/// What the watchdog knows about a vCPU. No kernel stays in real mode for long; a guest that jumped into nowhere does,
/// taking one interrupt after the other at addresses where there is nothing, and KVM never says a word. So a vCPU that
/// does not leave the guest is looked at now and then: twice in real mode, with its thread busy in between, is a stall.
class Watch {
 public:
  using Time = std::chrono::steady_clock::time_point;

  enum class Verdict : std::uint8_t { kFine, kLookAgain, kStalled };
  /// `exits` counts the times that the vCPU left the guest by itself.
  Verdict look(std::uint64_t exits, const std::optional<Sample> &sample, std::chrono::seconds limit, Time now);

 private:
  std::uint64_t exits_ = 0;
  std::optional<Time> since_;
  std::optional<Sample> last_;
  Time last_taken_;
  bool told_ = false;
};

/// A vCPU, and the thread that it runs on.
struct Processor {
  Processor(kvm::Vcpu v, papr::Context c) : vcpu(std::move(v)), context(std::move(c)) {}
  VcpuId id() const { return context.caller; }

  kvm::Vcpu vcpu;
  papr::Context context;  ///< what its guest's calls may touch
  /// Started, and not yet stopped again. While it is not, immediate_exit is set.
  std::atomic<bool> running = false;
  bool leaving = false;             ///< it called stop-self; under the machine's lock, but for its own thread's look
  int retries = 0;                  ///< that KVM_RUN asked for in a row; its own thread's alone
  std::optional<pthread_t> thread;  ///< under the lock of Processors

  std::uint64_t first_instruction = 0;   ///< where it was last started
  std::atomic<std::uint64_t> exits = 0;  ///< written by its own thread alone
  std::atomic<bool> sample_wanted = false;
  std::optional<Sample> sample;  ///< under the machine's lock, as the next
  Watch watch;
};

/// "vCPU 0 stood at pc=0x…, instruction 0x00000000"; the instruction only in real mode, and in RAM
std::string describe_place(VcpuId id, const kvm::abi::Regs &regs, const GuestMemory &memory);
/// "no progress: vCPU 0 at pc=…, outside RAM, …"
std::string describe_stall(VcpuId id, const kvm::abi::Regs &regs, std::uint64_t memory_size);

}  // namespace parley::machine
