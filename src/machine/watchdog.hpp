// SPDX-License-Identifier: Apache-2.0
//
// The watchdog finds a guest that makes no progress.
//
// A guest that jumps to an address without memory takes an endless series of interrupts, and KVM_RUN never returns.
// Such a guest stays in real mode (MSR[IR] = 0); a working kernel leaves real mode quickly. The detection has three
// steps:
//
// 1. A vCPU is suspected if it has not left the guest for the time limit.
// 2. A signal interrupts it, and its own thread takes a sample: the registers and the thread's CPU time.
// 3. Two consecutive samples in real mode with the same general registers, with the thread busy in between, are a
//    stall.
//
// This does not report idle or computing guests: a vCPU that idles inside the kernel (H_CEDE) uses no CPU time, and a
// program that computes runs with translation on. A kernel that starts with the hash MMU fills the table from real
// mode, and KVM answers these calls without an exit; their arguments change the registers.
//
// The lock. The thread that checks and the vCPU threads share the samples, under the watchdog's own lock. A check never
// waits for the partition's lock, so it returns even if a vCPU thread is blocked in a report.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/environment.hpp"
#include "processors.hpp"

namespace parley::machine {

/// The state of a vCPU, taken by its own thread between two entries.
struct Sample {
  kvm::abi::Regs regs{};
  std::chrono::nanoseconds processor_time{};  ///< CPU time of the thread, including the guest's
};

/// The history of one vCPU, and the decision whether it is stalled.
class StallDetector {
 public:
  enum class Verdict : std::uint8_t { kFine, kSampleNeeded, kStalled };
  /// `exits` counts the exits that the guest caused. `sample` is the one that the last call asked for, if it exists.
  Verdict update(std::uint64_t exits, const std::optional<Sample> &sample, std::chrono::seconds limit, SteadyTime now);

 private:
  std::uint64_t exits_ = 0;
  std::optional<SteadyTime> since_;
  std::optional<Sample> last_;
  SteadyTime last_taken_;
  bool reported_ = false;
};

class Watchdog {
 public:
  Watchdog(Processors &processors, std::uint64_t memory_size, Environment &environment);

  /// Returns one line for each vCPU that has stalled for `limit`. Call it about once a second, from any thread. Each
  /// stall is reported once.
  std::vector<std::string> check(std::chrono::seconds limit);
  /// Takes the sample that check() requested, if any. Called on the vCPU's own thread after an interruption.
  void take_sample(Processor &processor);

 private:
  struct Watched {
    StallDetector detector;
    std::optional<Sample> sample;
  };

  Processors &processors_;
  const std::uint64_t memory_size_;  // bytes
  Environment &environment_;
  std::mutex mutex_;  // protects watched_
  std::vector<Watched> watched_;
};

/// "vCPU 0 stood at pc=0x…, instruction 0x00000000". The instruction is given only in real mode and in RAM.
std::string describe_place(VcpuId id, const kvm::abi::Regs &regs, const GuestMemory &memory);
/// "no progress: vCPU 0 runs outside RAM without leaving the guest, at pc=… (msr …, srr0 …, lr …)"
std::string describe_stall(VcpuId id, const kvm::abi::Regs &regs, std::uint64_t memory_size);

}  // namespace parley::machine
