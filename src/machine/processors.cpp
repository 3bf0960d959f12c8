// SPDX-License-Identifier: Apache-2.0
#include "processors.hpp"

#include <signal.h>

#include <algorithm>

#include "parley/base/try.hpp"

namespace parley::machine {
namespace {

constexpr kvm::OneReg<std::uint64_t> kLpcr{kvm::abi::kRegLpcr, "LPCR"};

bool change_lpcr_of(kvm::Vcpu &vcpu, std::uint64_t mask, std::uint64_t bits) {
  const auto before = vcpu.get(kLpcr);
  if (!before || !vcpu.set(kLpcr, (*before & ~mask) | bits)) return false;
  // KVM silently drops bits that this processor does not support (kvmppc_filter_lpcr_hv).
  const auto after = vcpu.get(kLpcr);
  return after && (*after & mask) == bits;
}

}  // namespace

Processors::Processors(std::vector<std::unique_ptr<Processor>> processors) : processors_(std::move(processors)) {
  for (const auto &processor : processors_) processor->vcpu.set_immediate_exit(true);
}

bool Processors::any_other_running(VcpuId id) const {
  return std::ranges::any_of(processors_, [&](const auto &other) { return other->id() != id && other->running; });
}

bool Processors::any_other_staying(VcpuId id) const {
  return std::ranges::any_of(
      processors_, [&](const auto &other) { return other->id() != id && other->running && !other->stopping; });
}

kvm::LevelSetting Processors::set_level(LogicalPvr level) {
  kvm::LevelSetting setting;
  for (const auto &processor : processors_) {
    setting = kvm::set_level(processor->vcpu, level);
    if (setting.outcome != kvm::SettingOutcome::kTaken) break;
  }
  return setting;
}

bool Processors::restore_level(LogicalPvr level) {
  bool restored = true;
  for (const auto &processor : processors_)
    restored = kvm::set_level(processor->vcpu, level).outcome == kvm::SettingOutcome::kTaken && restored;
  return restored;
}

bool Processors::change_lpcr(std::uint64_t mask, std::uint64_t bits) {
  bool changed = true;
  for (const auto &processor : processors_) {
    if (processor->running) kick(*processor);
    changed = change_lpcr_of(processor->vcpu, mask, bits) && changed;
    const std::lock_guard lock(mutex_);
    if (processor->running) allow_entry(*processor);
  }
  return changed;
}

void Processors::kick(Processor &processor) {
  processor.vcpu.set_immediate_exit(true);
  const std::lock_guard lock(mutex_);
  if (processor.thread) pthread_kill(*processor.thread, SIGUSR1);
}

void Processors::allow_entry(Processor &processor) {
  if (!ending_) processor.vcpu.set_immediate_exit(false);
}

std::expected<void, kvm::CallError> Processors::start(Processor &processor, const kvm::abi::Regs &regs) {
  TRY(processor.vcpu.set_regs(regs));
  const std::lock_guard lock(mutex_);
  processor.first_instruction = regs.pc;
  allow_entry(processor);
  processor.running = true;
  changed_.notify_all();
  return {};
}

void Processors::stop(Processor &processor) {
  // The kernel stores the results of the last hcall at the next KVM_RUN. Do that now; later it would overwrite the
  // registers of the next start.
  processor.vcpu.set_immediate_exit(true);
  processor.vcpu.run();
  processor.stopping = false;
  processor.running = false;
}

bool Processors::wait_until_running(Processor &processor) {
  if (!processor.running) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return processor.running || ending_; });
  }
  return !ending_;
}

void Processors::register_thread(Processor &processor, bool on) {
  const std::lock_guard lock(mutex_);
  if (on) {
    processor.thread = pthread_self();
  } else {
    processor.thread.reset();
  }
}

void Processors::end() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  for (const auto &processor : processors_) kick(*processor);
}

void Processors::request_sample(Processor &processor) {
  processor.sample_requested = true;
  const std::lock_guard lock(mutex_);
  if (processor.thread) pthread_kill(*processor.thread, SIGUSR1);
}

}  // namespace parley::machine
