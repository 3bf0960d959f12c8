// SPDX-License-Identifier: Apache-2.0
//
// The partition: the state that the guest can see besides memory and devices. It holds the guest's level, the states of
// its processors, and the device tree with which the guest negotiates.
//
// The guest's level is set in two phases. At the start, LevelSetter works through the plan's levels until KVM accepts
// one on every vCPU. Later, the guest's kernel may negotiate (ibm,client-architecture-support). Then a level of the
// offer is set on every vCPU, read back, and written into the guest's tree. Each step is reported. If a level cannot be
// set on all vCPUs, all return to their previous level; if that fails too, the machine ends.
//
// The lock. Several vCPUs may call at the same time. A call whose handler is not marked independent (papr::HcallEntry)
// runs under the partition's lock, so negotiations, start-cpu and stop-self never overlap. The lock also keeps the
// lines of a trace in order. No thread waits for a console while it holds the lock.
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
  /// `vcpus` already have PAPR mode and interrupts. All references must outlive the partition.
  Partition(const guest::MachinePlan &plan, const Observer &observer, devices::Devices &devices,
            Environment &environment, GuestMemory memory, kvm::Vm &vm, std::vector<kvm::Vcpu> vcpus);

  Processors &processors() { return processors_; }
  Ending &ending() { return ending_; }
  std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }

  // Each of the following takes the lock.
  /// Sets the first level that KVM accepts, and starts the first processor. The error is the end of the machine.
  std::expected<void, End> begin();
  /// Handles a vCPU's call of stop-self: the vCPU stops before its next entry.
  void stop_self(Processor &processor);
  /// Handles a failed KVM_RUN: starts the guest at the next level if the failure is a refusal of the level; otherwise
  /// ends the machine.
  void run_failed(const Processor &processor, const kvm::RunFailure &failure);
  /// The final proof: reads the level of each vCPU once more and returns `end`, or a failure if a level differs. Call
  /// it after all vCPUs have stopped. Under nested API v2 the value comes from the hypervisor, not from a copy in the
  /// kernel.
  End verified(End end);

 private:
  // Bounds the reports of a guest that negotiates endlessly. Each change of level is still reported.
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
  bool any_other_running(VcpuId caller) const override { return processors_.any_other_running(caller); }
  bool may_negotiate() const override { return negotiations_ < kMaxNegotiations; }
  const compat::Offer &offer() const override { return offer_; }
  const compat::Platform &platform() const override { return plan_.papr.platform; }
  compat::Translation mmu() const override { return mmu_; }
  std::expected<void, std::string> take_mmu(compat::Translation mmu) override;
  std::expected<void, std::string> take_level(compat::Target level) override;
  void negotiated(const papr::NegotiationOutcome &outcome, const Bytes &vector5) override;

  const guest::MachinePlan &plan_;
  const Observer &observer_;
  Environment &environment_;
  GuestMemory memory_;
  kvm::Vm &vm_;
  Processors processors_;  // has its own lock
  Ending ending_;          // has its own lock

  std::mutex mutex_;  // protects the members below, and Processor::stopping
  std::optional<papr::OpenFirmware> firmware_;
  LevelSetter levels_;
  compat::Target level_;
  compat::Offer offer_;
  compat::Translation mmu_;
  unsigned negotiations_ = 0;  // reported so far
};

}  // namespace parley::machine
