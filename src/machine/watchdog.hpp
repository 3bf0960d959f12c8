// SPDX-License-Identifier: Apache-2.0
//
// The watchdog finds a guest that has lost its way.
//
// A guest that jumps to an address without memory takes one interrupt after the other, for ever, and KVM_RUN never
// returns. Such a guest stays in real mode (MSR[IR] = 0), which no kernel does for long. So a vCPU is suspected when it
// has not left the guest for the limit. It is then interrupted with a signal, and its own thread takes a sample of its
// registers and its CPU time. Two samples in real mode, with the thread busy in between, are a stall. A vCPU that idles
// inside the kernel (H_CEDE) uses no CPU time; a program that computes runs with translation on.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/environment.hpp"
#include "processors.hpp"

namespace parley::machine {

/// A vCPU as its own thread saw it between two entries.
struct Sample {
  kvm::abi::Regs regs{};
  std::chrono::nanoseconds processor_time{};  ///< of its thread, the guest's included
};

/// The history of one vCPU.
class Watch {
 public:
  enum class Verdict : std::uint8_t { kFine, kLookAgain, kStalled };
  /// `exits` counts the times that the vCPU left the guest by itself.
  Verdict look(std::uint64_t exits, const std::optional<Sample> &sample, std::chrono::seconds limit, SteadyTime now);

 private:
  std::uint64_t exits_ = 0;
  std::optional<SteadyTime> since_;
  std::optional<Sample> last_;
  SteadyTime last_taken_;
  bool told_ = false;
};

class Watchdog {
 public:
  Watchdog(Processors &processors, std::uint64_t memory_size, Environment &environment);

  /// From any thread, about once a second: one line for each vCPU that has stalled for `limit`. Each stall is reported
  /// once.
  std::vector<std::string> look(std::chrono::seconds limit);
  /// On the vCPU's own thread, after an interruption: takes the sample that look() asked for, if it did.
  void take_sample(Processor &processor);

 private:
  struct Watched {
    Watch watch;
    std::optional<Sample> sample;
  };

  Processors &processors_;
  const std::uint64_t memory_size_;  // bytes
  Environment &environment_;
  std::mutex mutex_;  // protects watched_
  std::vector<Watched> watched_;
};

/// "vCPU 0 stood at pc=0x…, instruction 0x00000000"; the instruction only in real mode, and in RAM
std::string describe_place(VcpuId id, const kvm::abi::Regs &regs, const GuestMemory &memory);
/// "no progress: vCPU 0 at pc=…, outside RAM, …"
std::string describe_stall(VcpuId id, const kvm::abi::Regs &regs, std::uint64_t memory_size);

}  // namespace parley::machine
