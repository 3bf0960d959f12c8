// SPDX-License-Identifier: Apache-2.0
//
// The vCPUs of a guest, and how their threads meet.
//
// Each vCPU has its own thread, which spends most of its time inside KVM_RUN. KVM holds a mutex per vCPU during
// KVM_RUN, so an ioctl on a vCPU from another thread blocks until that vCPU leaves the guest. A thread that needs such
// an ioctl therefore kicks the vCPU first. A kick has two parts: immediate_exit in the kvm_run page makes the next
// KVM_RUN return at once, and SIGUSR1 interrupts a KVM_RUN in progress. Setting the flag first closes the race between
// the two: a signal that arrives just before KVM_RUN is not lost, because KVM_RUN then sees the flag
// (Documentation/virt/kvm/api.rst, immediate_exit).
//
// immediate_exit stays set while a vCPU is stopped or the machine ends. Only allow_entry() clears it, under the same
// mutex as the end of the machine: either allow_entry() sees the end, or the kick of end() comes after it.
//
// A vCPU that the guest has not started waits on a condition variable, not in KVM.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "parley/kvm/arch_compat.hpp"
#include "processor.hpp"

namespace parley::machine {

class Processors {
 public:
  explicit Processors(std::vector<std::unique_ptr<Processor>> processors);

  std::size_t size() const { return processors_.size(); }
  Processor &operator[](std::size_t index) const { return *processors_[index]; }
  Processor *find(VcpuId id) const { return id.value < size() ? processors_[id.value].get() : nullptr; }
  /// True if a processor other than `id` is running.
  bool any_other_running(VcpuId id) const;
  /// True if a processor other than `id` is running and has not just called stop-self.
  bool any_other_staying(VcpuId id) const;

  /// Sets a level on one vCPU after the other and stops at the first refusal. Returns the last answer. Call it only
  /// while no vCPU is in the guest.
  kvm::LevelSetting set_level(LogicalPvr level);
  /// Sets the previous level again on every vCPU, and continues after a refusal. False if one refused.
  bool restore_level(LogicalPvr level);
  /// Changes bits of the LPCR on every vCPU, including those in the guest. False if the kernel refuses.
  bool change_lpcr(std::uint64_t mask, std::uint64_t bits);

  /// Makes a stopped vCPU enter the guest with these registers.
  std::expected<void, kvm::CallError> start(Processor &processor, const kvm::abi::Regs &regs);
  /// Stops a vCPU until it is started again. Call it on the vCPU's own thread, between two entries, and never at the
  /// same time as start() or change_lpcr().
  void stop(Processor &processor);
  /// Waits, on the processor's own thread, until the processor may enter the guest. False once the machine ends.
  bool wait_until_running(Processor &processor);
  /// Tells, on the processor's own thread, that kicks can reach this thread from now on, or no longer.
  void register_thread(Processor &processor, bool on);

  /// Makes all vCPUs leave the guest for good. Any thread may call it.
  void end();
  bool ended() const { return ending_; }
  /// Makes the processor's own thread take a sample soon.
  void request_sample(Processor &processor);

 private:
  void kick(Processor &processor);
  /// Called under mutex_.
  void allow_entry(Processor &processor);

  std::vector<std::unique_ptr<Processor>> processors_;
  std::atomic<bool> ending_ = false;
  std::mutex mutex_;  // protects Processor::thread, the wait for a start, and allow_entry() against end()
  std::condition_variable changed_;
};

}  // namespace parley::machine
