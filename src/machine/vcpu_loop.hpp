// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "parley/devices/devices.hpp"
#include "parley/papr/hcall.hpp"
#include "partition.hpp"
#include "watchdog.hpp"

namespace parley::machine {

/// Runs one vCPU on its thread: enters the guest, handles the exit, and repeats until the machine ends.
class VcpuLoop {
 public:
  /// The parts of the machine that the loop uses. All must outlive it.
  struct Surroundings {
    Partition &partition;
    devices::Devices &devices;
    Watchdog &watchdog;
    const Observer &observer;
  };
  VcpuLoop(const Surroundings &around, Processor &processor)
      : around_(around), processors_(around.partition.processors()), processor_(processor) {}

  void run();

 private:
  void handle(const kvm::Hcall &hcall);
  void handle(const kvm::Interrupted &) { around_.watchdog.take_sample(processor_); }
  void handle(const kvm::BadRtasArguments &);
  void handle(const kvm::MmioLoad &load);
  void handle(const kvm::MmioStore &store);
  void handle(const kvm::RunFailure &failure);

  // Inline even with -Os: a call of a function that returns an effect costs 20 instructions on the hot path.
  [[gnu::always_inline]] inline papr::Effect call(const kvm::Hcall &hcall, const papr::HcallEntry *entry);
  papr::Effect call_under_lock(const kvm::Hcall &hcall, const papr::HcallEntry *entry);
  void follow_up(const kvm::Hcall &hcall, const papr::HcallEntry *entry, bool serialize, papr::Effect effect);
  void apply(papr::Effect effect);
  void count_exit();

  const Surroundings &around_;
  Processors &processors_;
  Processor &processor_;
};

}  // namespace parley::machine
