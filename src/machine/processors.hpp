// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "parley/kvm/arch_compat.hpp"
#include "processor.hpp"

namespace parley::machine {

/// The vCPUs of a guest, and how their threads meet. A vCPU's ioctls wait while it is in the guest; so whoever wants
/// something of another one kicks it out first, and it is let in again afterwards.
class Processors {
 public:
  explicit Processors(std::vector<std::unique_ptr<Processor>> processors);

  std::size_t size() const { return processors_.size(); }
  Processor &operator[](std::size_t index) const { return *processors_[index]; }
  Processor *find(VcpuId id) const { return id.value < size() ? processors_[id.value].get() : nullptr; }
  /// Whether any but that one is running.
  bool runs_others(VcpuId id) const;
  /// The same, of those that did not call stop-self themselves just now.
  bool stays_without(VcpuId id) const;

  /// Sets a level on one after the other, up to the first that is refused; that one's answer, or the last one's. Only
  /// while none of them is in the guest.
  kvm::LevelSetting set_level(LogicalPvr level);
  /// Sets a level that all had before on every one, also behind one that refuses it. False when one does.
  bool restore_level(LogicalPvr level);
  /// Changes bits of the LPCR of all, also of those in the guest. False when the kernel refuses.
  bool change_lpcr(std::uint64_t mask, std::uint64_t bits);

  /// Lets a stopped one enter the guest with these registers.
  std::expected<void, kvm::CallError> start(Processor &processor, const kvm::abi::Regs &regs);
  /// On the processor's own thread, between two entries: it leaves, until it is started again. Not at the same time as
  /// start() or change_lpcr().
  void stop(Processor &processor);
  /// On the processor's own thread: waits until it may enter the guest; false once all is to end. Afterwards
  /// `ended()`.
  bool wait_until_running(Processor &processor);
  void register_thread(Processor &processor, bool on);

  /// Gets all of them out of the guest, for good. From any thread.
  void end();
  bool ended() const { return ending_; }
  /// Has a processor's own thread take a sample soon.
  void want_sample(Processor &processor);

 private:
  void kick(Processor &processor);
  /// Under mutex_, as the end is: either that is known here, or its kick comes afterwards.
  void let_in(Processor &processor);

  std::vector<std::unique_ptr<Processor>> processors_;
  std::atomic<bool> ending_ = false;
  std::mutex mutex_;  // of `thread` of each, of waiting, and of who is let in
  std::condition_variable changed_;
};

}  // namespace parley::machine
