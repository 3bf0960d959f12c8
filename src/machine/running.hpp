// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>

#include "level_setter.hpp"
#include "parley/machine/machine.hpp"
#include "parley/papr/hcall.hpp"
#include "parley/papr/open_firmware.hpp"
#include "processors.hpp"

namespace parley::machine {

/// A machine in KVM. Its private base is what the guest's calls may ask of it.
class Machine::Running final : private papr::Partition {
 public:
  Running(guest::MachinePlan plan, Devices devices, Observer observer, kvm::Mapping ram, kvm::Vm vm, kvm::Xics xics,
          std::vector<kvm::Vcpu> vcpus);
  ~Running() override;

  End run();
  void stop() { processors_.end(); }
  std::vector<std::string> check_progress(std::chrono::seconds limit);

 private:
  // A guest that negotiates all the time shall fill neither the log nor the disk, and no level changes in silence.
  static constexpr unsigned kMaxNegotiations = 8;

  std::vector<std::unique_ptr<Processor>> make_processors(std::vector<kvm::Vcpu> vcpus);
  std::optional<End> start_at(const std::expected<compat::Target, End> &level);
  kvm::abi::Regs first_registers() const;
  void interrupt_for_input();
  void build_firmware();
  void show_tree() const;

  void run_processors();
  void live_or_fail(Processor &processor);
  void live(Processor &processor);
  void fail(Failure failure);
  void handle(Processor &processor, const kvm::Hcall &hcall);
  bool call_in_order(Processor &processor, const kvm::Hcall &hcall, const papr::HcallEntry *entry);
  static bool call(Processor &processor, const kvm::Hcall &hcall, const papr::HcallEntry *entry);
  void handle(Processor &processor, const kvm::Interrupted &);
  void handle(Processor &processor, const kvm::BadRtasArguments &);
  void handle(Processor &processor, const kvm::MmioLoad &load);
  void handle(Processor &processor, const kvm::MmioStore &store);
  void handle(Processor &processor, const kvm::RunFailure &failure);
  bool has_run(const Processor &processor, const kvm::RunFailure &failure) const;
  bool is_level_refusal(const kvm::RunFailure &failure, bool ran) const;
  Failure explained(const Processor &processor, const kvm::RunFailure &failure, bool ran) const;
  void finish(End end);
  End take_end();
  End verified(End end) const;

  // papr::Partition; called under lock_
  bool set_little_endian_interrupts(bool on) override;
  bool set_translated_interrupts(bool on) override;
  int set_process_table(std::uint64_t entry, bool gtse) override;
  std::optional<papr::Characteristics> characteristics() override;
  bool set_sprg0(VcpuId caller, std::uint64_t value) override;
  std::optional<papr::ProcessorState> state(VcpuId id) const override;
  bool start(VcpuId id, GuestAddress entry, std::uint64_t argument) override;
  void stop_self(VcpuId caller) override;
  bool runs_others(VcpuId caller) const override { return processors_.runs_others(caller); }
  bool may_negotiate() const override { return negotiations_ < kMaxNegotiations; }
  const compat::Offer &offer() const override { return plan_.offer; }
  std::expected<void, std::string> take_level(compat::Target level) override;
  void negotiated(const papr::NegotiationOutcome &outcome, const Bytes &vector5) override;

  // In this order so that the vCPUs go first, then the VM, then the memory that the VM has mapped.
  guest::MachinePlan plan_;
  Devices devices_;
  Observer observer_;
  kvm::Mapping ram_;
  kvm::Vm vm_;
  kvm::Xics xics_;
  Processors processors_;

  mutable std::mutex lock_;  // of what follows, to end_
  std::optional<papr::OpenFirmware> firmware_;
  LevelSetter levels_;
  compat::Target level_;
  unsigned negotiations_ = 0;  ///< that were told of
  std::optional<End> end_;

  std::mutex input_lock_;
  std::optional<kvm::CallError> input_lost_;  ///< why the guest could not be interrupted for its input
};

}  // namespace parley::machine
