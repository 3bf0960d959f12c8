// SPDX-License-Identifier: Apache-2.0
#include "partition.hpp"

#include <algorithm>
#include <cassert>

#include "firmware.hpp"
#include "parley/base/bytes.hpp"
#include "parley/base/text.hpp"
#include "translation.hpp"

namespace parley::machine {
namespace {

// Power ISA 3.0B Book III 2.2, Logical Partitioning Control Register
constexpr std::uint64_t kLpcrInterruptLittleEndian = ppc_bit(38);
constexpr std::uint64_t kLpcrInterruptLocation = ppc_bit(39) | ppc_bit(40);

// H_CPU_CHAR_MTTRIG_THR_RECONF: threads are never reconfigured under a guest (asm/hvcall.h).
constexpr std::uint64_t kThreadReconfiguration = ppc_bit(6);

End unproven(compat::Target level, std::size_t vcpu, const std::expected<LogicalPvr, kvm::CallError> &readback) {
  return RunFailed{{"the guest ran, but not provably at " + describe(level),
                    "arch_compat of vCPU " + std::to_string(vcpu) + " reads back " +
                        (readback ? hex32(readback->value) : describe(readback.error())) + " after the run",
                    "do not trust this guest's level; please report it with the kernel's version"}};
}

}  // namespace

Partition::Partition(const guest::MachinePlan &plan, const Observer &observer, devices::Devices &devices,
                     Environment &environment, GuestMemory memory, kvm::Vm &vm, std::vector<kvm::Vcpu> vcpus)
    : plan_(plan),
      observer_(observer),
      environment_(environment),
      memory_(memory),
      vm_(vm),
      processors_(make_processors(devices, environment, std::move(vcpus))),
      ending_(processors_),
      levels_(plan_, observer_, [this](LogicalPvr level) { return processors_.set_level(level); }),
      offer_(plan.offer),
      mmu_(compat::first_translation(plan.papr.platform, plan.level)) {}

std::vector<std::unique_ptr<Processor>> Partition::make_processors(devices::Devices &devices, Environment &environment,
                                                                   std::vector<kvm::Vcpu> vcpus) {
  std::vector<std::unique_ptr<Processor>> processors;
  for (kvm::Vcpu &vcpu : vcpus) {
    const VcpuId id{static_cast<std::uint32_t>(processors.size())};
    papr::Context context{memory_, devices, *this, environment, observer_.trace, id};
    processors.push_back(std::make_unique<Processor>(std::move(vcpu), std::move(context)));
  }
  return processors;
}

// --- From the level to the guest's first instruction

std::expected<void, End> Partition::begin() {
  const std::lock_guard lock(mutex_);
  return start_at(levels_.set_first());
}

// The guest has not run yet, so its memory is still as it was loaded.
std::expected<void, End> Partition::start_at(const std::expected<compat::Target, End> &level) {
  if (!level) return std::unexpected(level.error());
  level_ = *level;
  offer_.limit_to(level_, "the kernel refused it");
  if (const auto taken = take_mmu(compat::first_translation(plan_.papr.platform, level_)); !taken)
    return std::unexpected(RunFailed{{"cannot give the guest the MMU of its level", taken.error(), "see dmesg"}});
  if (plan_.boot == guest::BootKind::kClientInterface) {
    build_firmware();
  } else if (!write_flat_tree(memory_, plan_, level_)) {
    return std::unexpected(
        RunFailed{{"the guest's device tree does not fit", "it is larger than 64 KiB", "please report it"}});
  }
  show_tree();
  const auto started = processors_.start(processors_[0], first_registers(plan_));
  if (!started) return std::unexpected(RunFailed{cannot_create(started.error())});
  return {};
}

void Partition::build_firmware() {
  firmware_.emplace(fdt::LiveTree(guest::guest_tree(plan_, level_)), plan_.memory_size, environment_);
  for (const guest::Segment &segment : plan_.payload.segments) firmware_->claim(segment.at, segment.size);
  firmware_->claim(plan_.firmware_at, guest::kPageSize);
  if (plan_.initrd) firmware_->claim(plan_.initrd->at, plan_.initrd->size);
  for (std::size_t i = 0; i < processors_.size(); ++i) processors_[i].context.firmware = &*firmware_;
}

void Partition::show_tree() const {
  if (!observer_.tree) return;
  observer_.tree(firmware_ ? firmware_->tree().blob() : flat_tree(plan_, level_));
}

// --- The end of a vCPU and of the guest

void Partition::stop_self(Processor &processor) {
  const std::lock_guard lock(mutex_);
  processor.stopping = true;
  if (!processors_.any_other_staying(processor.id()))
    ending_.finish(RunFailed{{"the guest stopped its last vCPU",
                              "it called stop-self, and no running vCPU is left to start it again",
                              "see the last lines of its console"}});
}

// The guest has executed something if any vCPU left it by an exit of its own, or if this vCPU's pc has moved.
FailedRun Partition::examine(const Processor &processor, const kvm::RunFailure &failure) const {
  FailedRun run{failure, processor.id(), std::nullopt, false, level_, plan_.host_level};
  for (std::size_t i = 0; i < processors_.size(); ++i) run.guest_ran |= processors_[i].exits != 0;
  if (failure.kind != kvm::RunFailureKind::kLateRefusal) return run;
  if (const auto regs = processor.vcpu.regs()) run.regs = *regs;
  run.guest_ran |= run.regs && run.regs->pc != processor.first_instruction;
  return run;
}

void Partition::run_failed(const Processor &processor, const kvm::RunFailure &failure) {
  const std::lock_guard lock(mutex_);
  const FailedRun run = examine(processor, failure);
  const Failure explanation = explain(run, memory_);
  if (observer_.failure) observer_.failure(failure);
  if (observer_.trace) observer_.trace(explanation.what + ": " + explanation.why);
  if (!is_level_refusal(run)) return ending_.finish(RunFailed{explanation});
  if (auto started = start_at(levels_.set_next(explanation.why)); !started) ending_.finish(std::move(started.error()));
}

End Partition::verified(End end) {
  const std::lock_guard lock(mutex_);
  if (!std::holds_alternative<GuestEnded>(end) || level_.is_raw()) return end;
  for (std::size_t i = 0; i < processors_.size(); ++i) {
    const auto readback = kvm::read_level(processors_[i].vcpu);
    if (readback != level_.pvr) return unproven(level_, i, readback);
  }
  return end;
}

// --- Services for the guest's calls

bool Partition::set_little_endian_interrupts(bool on) {
  return processors_.change_lpcr(kLpcrInterruptLittleEndian, on ? kLpcrInterruptLittleEndian : 0);
}

bool Partition::set_translated_interrupts(bool on) {
  return processors_.change_lpcr(kLpcrInterruptLocation, on ? kLpcrInterruptLocation : 0);
}

int Partition::set_process_table(std::uint64_t entry, bool gtse) {
  const auto done = vm_.set_process_table(entry, gtse);
  return done ? 0 : done.error().error;
}

std::optional<papr::Characteristics> Partition::characteristics() {
  const auto known = vm_.cpu_characteristics();
  if (!known) return std::nullopt;
  return papr::Characteristics{known->character & known->character_mask & ~kThreadReconfiguration,
                               known->behaviour & known->behaviour_mask};
}

// Runs on the caller's own thread. KVM_SET_REGS also writes the general registers. They hold the arguments of the
// current call; the kernel stores the results of the call there at the next entry.
bool Partition::set_sprg0(VcpuId caller, std::uint64_t value) {
  kvm::Vcpu &vcpu = processors_.find(caller)->vcpu;
  auto regs = vcpu.regs();
  if (!regs) return false;
  regs->sprg[0] = value;
  return vcpu.set_regs(*regs).has_value();
}

std::optional<papr::ProcessorState> Partition::state(VcpuId id) const {
  const Processor *processor = processors_.find(id);
  if (processor == nullptr) return std::nullopt;
  return processor->running ? papr::ProcessorState::kRunning : papr::ProcessorState::kStopped;
}

bool Partition::start(VcpuId id, GuestAddress entry, std::uint64_t argument) {
  return processors_.start(*processors_.find(id), started_registers(entry, argument)).has_value();
}

// As for a level, a failure must not leave the guest between the two.
std::expected<void, std::string> Partition::take_mmu(compat::Translation mmu) {
  if (mmu == mmu_) return {};
  const auto taken = configure_mmu(vm_, mmu, plan_);
  if (taken) {
    mmu_ = mmu;
    return {};
  }
  if (const auto restored = configure_mmu(vm_, mmu_, plan_); !restored)
    ending_.finish(RunFailed{{"the guest has lost its MMU", describe(taken.error()) + "; " + describe(restored.error()),
                              "see dmesg; please report the problem if it persists"}});
  return std::unexpected(describe(taken.error()));
}

std::expected<void, std::string> Partition::take_level(compat::Target level) {
  const auto setting = processors_.set_level(level.pvr);
  if (setting.outcome == kvm::SettingOutcome::kTaken) {
    level_ = level;
    return {};
  }
  // Some vCPUs may have the new level already, but all must have the same.
  if (!processors_.restore_level(level_.pvr))
    ending_.finish(RunFailed{{"cannot give all vCPUs the same level",
                              describe(setting) + ", and " + describe(level_) + " cannot be set again either",
                              "see dmesg; please report the problem if it persists"}});
  return std::unexpected(describe(setting));
}

void Partition::negotiated(const papr::NegotiationOutcome &outcome, const Bytes &vector5) {
  if (outcome.level) {
    guest::set_level(firmware_->tree(), plan_, *outcome.level);
    guest::set_mmu(firmware_->tree(), plan_, mmu_);
    const auto chosen = firmware_->tree().find("/chosen");
    [[maybe_unused]] const bool set = firmware_->tree().set_property(*chosen, "ibm,architecture-vec-5", vector5);
    assert(set);
  }
  if (negotiations_ > kMaxNegotiations) return;  // the first negotiation above the limit was reported
  ++negotiations_;
  if (outcome.level) show_tree();
  papr::NegotiationOutcome report = outcome;
  report.current = level_;
  report.mmu = mmu_;
  observer_.notice(report);
}

}  // namespace parley::machine
