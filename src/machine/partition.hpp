// SPDX-License-Identifier: Apache-2.0
//
// The partition: what the guest can see of its machine beyond memory and devices. Its level, the states of its
// processors, the device tree that it negotiates over.
//
// The level of a guest changes at most twice. At the start LevelSetter works down the plan's list until KVM takes a
// level on every vCPU. Later the guest's kernel may negotiate (ibm,client-architecture-support): then a level of the
// offer is set on every vCPU, read back, and written into the guest's tree. Each step is reported; when a level cannot
// be set on all vCPUs, all go back to the level that they had, and when even that fails the machine ends.
//
// The lock. Several vCPUs call at the same time. A call whose handler is not marked independent (papr::HcallEntry) runs
// under the partition's lock, so that negotiations, start-cpu and stop-self see one state after the other. The lock
// also orders the lines of a trace. Nobody waits for a console under it.
#pragma once

#include <mutex>
#include <optional>

#include "ending.hpp"
#include "level_setter.hpp"
#include "parley/base/environment.hpp"
#include "parley/papr/open_firmware.hpp"
#include "processors.hpp"
#include "run_failure.hpp"

namespace parley::machine {

class Partition final : public papr::Partition {
 public:
  /// `vcpus` have PAPR and interrupts already. All references must outlive it.
  Partition(const guest::MachinePlan &plan, const Observer &observer, devices::Devices &devices,
            Environment &environment, GuestMemory memory, kvm::Vm &vm, std::vector<kvm::Vcpu> vcpus);

  Processors &processors() { return processors_; }
  Ending &ending() { return ending_; }
  std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }

  // Each of the following takes the lock.
  /// Sets the first level that KVM takes, and lets the first processor begin. The error is the end of the machine.
  std::expected<void, End> begin();
  /// The vCPU has called stop-self, and stops before its next entry.
  void stop_self(Processor &processor);
  /// KVM_RUN failed: starts the guest at the next level, if the failure is a refusal of the level; ends the machine
  /// otherwise.
  void run_failed(const Processor &processor, const kvm::RunFailure &failure);
  /// The proof after the fact, when all vCPUs have stopped: each level is read back once more. Under nested API v2 the
  /// value comes from the hypervisor, not from a copy in the kernel.
  End verified(End end);

 private:
  // A guest that negotiates again and again fills neither the log nor the disk, and no level changes in silence.
  static constexpr unsigned kMaxNegotiations = 8;

  std::vector<std::unique_ptr<Processor>> make_processors(devices::Devices &devices, Environment &environment,
                                                          std::vector<kvm::Vcpu> vcpus);
  std::expected<void, End> start_at(const std::expected<compat::Target, End> &level);
  void build_firmware();
  void show_tree() const;
  FailedRun examine(const Processor &processor, const kvm::RunFailure &failure) const;

  // papr::Partition; called under the lock
  bool set_little_endian_interrupts(bool on) override;
  bool set_translated_interrupts(bool on) override;
  int set_process_table(std::uint64_t entry, bool gtse) override;
  std::optional<papr::Characteristics> characteristics() override;
  bool set_sprg0(VcpuId caller, std::uint64_t value) override;
  std::optional<papr::ProcessorState> state(VcpuId id) const override;
  bool start(VcpuId id, GuestAddress entry, std::uint64_t argument) override;
  bool runs_others(VcpuId caller) const override { return processors_.runs_others(caller); }
  bool may_negotiate() const override { return negotiations_ < kMaxNegotiations; }
  const compat::Offer &offer() const override { return offer_; }
  std::expected<void, std::string> take_level(compat::Target level) override;
  void negotiated(const papr::NegotiationOutcome &outcome, const Bytes &vector5) override;

  const guest::MachinePlan &plan_;
  const Observer &observer_;
  Environment &environment_;
  GuestMemory memory_;
  kvm::Vm &vm_;
  Processors processors_;  // has a lock of its own
  Ending ending_;          // likewise

  std::mutex mutex_;  // protects all that follows, and Processor::leaving
  std::optional<papr::OpenFirmware> firmware_;
  LevelSetter levels_;
  compat::Target level_;
  compat::Offer offer_;
  unsigned negotiations_ = 0;  // that were reported
};

}  // namespace parley::machine
