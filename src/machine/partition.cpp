// SPDX-License-Identifier: Apache-2.0
//
// What a guest's calls ask of its machine.
#include <cassert>

#include "layout.hpp"
#include "parley/base/bytes.hpp"
#include "running.hpp"

namespace parley::machine {
namespace {

// Power ISA 3.0B Book III 2.2, Logical Partitioning Control Register
constexpr std::uint64_t kLpcrInterruptLittleEndian = ppc_bit(38);
constexpr std::uint64_t kLpcrInterruptLocation = ppc_bit(39) | ppc_bit(40);

// H_CPU_CHAR_MTTRIG_THR_RECONF: threads are not reconfigured under a guest (asm/hvcall.h).
constexpr std::uint64_t kThreadReconfiguration = ppc_bit(6);

}  // namespace

bool Machine::Running::set_little_endian_interrupts(bool on) {
  return processors_.change_lpcr(kLpcrInterruptLittleEndian, on ? kLpcrInterruptLittleEndian : 0);
}

bool Machine::Running::set_translated_interrupts(bool on) {
  return processors_.change_lpcr(kLpcrInterruptLocation, on ? kLpcrInterruptLocation : 0);
}

int Machine::Running::set_process_table(std::uint64_t entry, bool gtse) {
  const auto done = vm_.set_process_table(entry, gtse);
  return done ? 0 : done.error().error;
}

std::optional<papr::Characteristics> Machine::Running::characteristics() {
  const auto known = vm_.cpu_characteristics();
  if (!known) return std::nullopt;
  return papr::Characteristics{known->character & known->character_mask & ~kThreadReconfiguration,
                               known->behaviour & known->behaviour_mask};
}

// On the caller's own thread. The general registers that are written back with it are those of the guest's call; what
// that returns the kernel puts into them at the next entry.
bool Machine::Running::set_sprg0(VcpuId caller, std::uint64_t value) {
  kvm::Vcpu &vcpu = processors_.find(caller)->vcpu;
  auto regs = vcpu.regs();
  if (!regs) return false;
  regs->sprg[0] = value;
  return vcpu.set_regs(*regs).has_value();
}

std::optional<papr::ProcessorState> Machine::Running::state(VcpuId id) const {
  const Processor *processor = processors_.find(id);
  if (processor == nullptr) return std::nullopt;
  return processor->running ? papr::ProcessorState::kRunning : papr::ProcessorState::kStopped;
}

bool Machine::Running::start(VcpuId id, GuestAddress entry, std::uint64_t argument) {
  kvm::abi::Regs regs{};
  regs.pc = entry.value;
  regs.msr = kMsr64Bit | kMsrMachineCheck;  // big-endian: Linux' entry turns itself around (FIXUP_ENDIAN)
  regs.gpr[3] = argument;
  return processors_.start(*processors_.find(id), regs).has_value();
}

void Machine::Running::stop_self(VcpuId caller) {
  processors_.find(caller)->leaving = true;
  if (!processors_.stays_without(caller))
    finish(RunFailed{{"the guest stopped its last vCPU", "stop-self, and no other one is running to start it again",
                      "see the last words on its console"}});
}

std::expected<void, std::string> Machine::Running::take_level(compat::Target level) {
  const auto setting = processors_.set_level(level.pvr);
  if (setting.outcome == kvm::SettingOutcome::kTaken) {
    level_ = level;
    return {};
  }
  // Those that took it already shall not differ from the others.
  if (!processors_.restore_level(level_.pvr))
    finish(RunFailed{{"cannot give all vCPUs the same level",
                      describe(setting) + ", and " + describe(level_) + " cannot be set again either",
                      "see dmesg; please report it if it stays"}});
  return std::unexpected(describe(setting));
}

void Machine::Running::negotiated(const papr::NegotiationOutcome &outcome, const Bytes &vector5) {
  if (outcome.level) {
    guest::set_level(firmware_->tree(), plan_, *outcome.level);
    const auto chosen = firmware_->tree().find("/chosen");
    [[maybe_unused]] const bool set = firmware_->tree().set_property(*chosen, "ibm,architecture-vec-5", vector5);
    assert(set);
  }
  if (negotiations_ > kMaxNegotiations) return;  // the first one too many was told of
  ++negotiations_;
  if (outcome.level) show_tree();
  papr::NegotiationOutcome told = outcome;
  told.current = level_;
  observer_.notice(told);
}

}  // namespace parley::machine
