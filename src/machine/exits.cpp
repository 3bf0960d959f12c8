// SPDX-License-Identifier: Apache-2.0
//
// What is done when a vCPU leaves the guest, each on the thread of its own.
#include <time.h>

#include "parley/base/text.hpp"
#include "parley/papr/hcall.hpp"
#include "running.hpp"

namespace parley::machine {
namespace {

// How often in a row the kernel may ask to try again before that counts as a failure.
constexpr int kMaxRetries = 1000;
// How long a vCPU whose text found no room waits before it looks whether the machine has ended.
constexpr std::chrono::milliseconds kConsoleWait{100};

// The vCPU left the guest by itself.
void moved_on(Processor &processor) {
  processor.exits.store(processor.exits.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  processor.retries = 0;
}

std::chrono::nanoseconds thread_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

void Machine::Running::handle(Processor &processor, const kvm::Hcall &hcall) {
  moved_on(processor);
  const papr::HcallEntry *entry = papr::find_hcall(hcall.number);
  const bool in_order = entry == nullptr || !entry->independent || observer_.trace;  // a trace has an order too
  const auto answer = [&] { return in_order ? call_in_order(processor, hcall, entry) : call(processor, hcall, entry); };
  bool answered = answer();
  while (!answered && !processors_.ended()) {
    devices_.vty.wait_for_room(kConsoleWait);
    answered = answer();
  }
}

// One at a time with all others that come this way.
bool Machine::Running::call_in_order(Processor &processor, const kvm::Hcall &hcall, const papr::HcallEntry *entry) {
  const std::lock_guard lock(lock_);
  const bool answered = call(processor, hcall, entry);
  if (const auto &shutdown = processor.context.shutdown) finish(GuestEnded{*shutdown});
  return answered;
}

// False where the console has no room for what the guest prints: the call is to be made again.
bool Machine::Running::call(Processor &processor, const kvm::Hcall &hcall, const papr::HcallEntry *entry) {
  papr::Context &context = processor.context;
  context.console_full = false;
  const papr::Status status = papr::dispatch_hcall(context, hcall.number, entry, hcall.registers);
  processor.vcpu.complete_hcall(static_cast<std::int64_t>(status));
  return !context.console_full;
}

void Machine::Running::handle(Processor &processor, const kvm::Interrupted &) {
  if (!processor.sample_wanted.exchange(false)) return;
  const auto regs = processor.vcpu.regs();
  const std::lock_guard lock(lock_);
  if (regs) processor.sample = Sample{*regs, thread_time()};
}

void Machine::Running::handle(Processor &processor, const kvm::BadRtasArguments &) {
  moved_on(processor);
  const std::lock_guard lock(lock_);
  if (observer_.trace) observer_.trace("RTAS: arguments that the kernel cannot read");
  processor.vcpu.complete_hcall(static_cast<std::int64_t>(papr::Status::kParameter));
}

// No device decodes the address: the load returns all ones, as on a bus without an answer.
void Machine::Running::handle(Processor &processor, const kvm::MmioLoad &load) {
  moved_on(processor);
  const std::lock_guard lock(lock_);
  if (observer_.trace) observer_.trace("load from " + hex64(load.address.value) + ", outside RAM");
  processor.vcpu.complete_mmio_load(Bytes(load.length, std::byte{0xff}));
}

// The store has no effect.
void Machine::Running::handle(Processor &processor, const kvm::MmioStore &store) {
  moved_on(processor);
  const std::lock_guard lock(lock_);
  if (observer_.trace) observer_.trace("store to " + hex64(store.address.value) + ", outside RAM");
}

// Whether the guest has executed anything: it has left before, or the vCPU stands elsewhere than where it was put.
bool Machine::Running::has_run(const Processor &processor, const kvm::RunFailure &failure) const {
  for (std::size_t i = 0; i < processors_.size(); ++i)
    if (processors_[i].exits != 0) return true;
  if (failure.kind != kvm::RunFailureKind::kLateRefusal) return false;
  const auto regs = processor.vcpu.regs();
  return regs && regs->pc != processor.first_instruction;
}

// A guest that has run is not started anew at another level, and a failed entry at a level that the host has is no
// refusal of the level: under nested API v2 any refused entry looks the same.
bool Machine::Running::is_level_refusal(const kvm::RunFailure &failure, bool ran) const {
  if (ran) return false;
  if (failure.kind == kvm::RunFailureKind::kLevelInvalid) return true;
  const auto level = level_.level();
  return failure.kind == kvm::RunFailureKind::kLateRefusal && level && plan_.host_level && *level > *plan_.host_level;
}

// What the kernel tells of a guest that the hypervisor gave up is the same whatever the reason. Where it is no refusal
// of the level, it is most likely what the guest did.
Failure Machine::Running::explained(const Processor &processor, const kvm::RunFailure &failure, bool ran) const {
  Failure words = explain(failure);
  if (failure.kind != kvm::RunFailureKind::kLateRefusal || is_level_refusal(failure, ran)) return words;
  if (ran) {
    words.what = "the hypervisor ended the guest while it ran";
    words.why += level_.is_raw() ? "; the guest ran" : "; the level was taken and the guest ran";
  } else if (level_.level() && plan_.host_level) {
    words.why += "; the level is not above the host's";
  }
  if (const auto regs = processor.vcpu.regs())
    words.why += "; " + describe_place(processor.id(), *regs, GuestMemory(ram_.bytes()));
  words.what_to_do =
      "look at that instruction: an emulated hypervisor (QEMU, nested API v2) ends a guest in this way when it "
      "meets one that its processor lacks; else see dmesg";
  return words;
}

void Machine::Running::handle(Processor &processor, const kvm::RunFailure &failure) {
  if (failure.kind == kvm::RunFailureKind::kTryAgain && ++processor.retries < kMaxRetries) return;
  const std::lock_guard lock(lock_);
  const bool ran = has_run(processor, failure);
  const Failure explanation = explained(processor, failure, ran);
  if (observer_.failure) observer_.failure(failure);
  if (observer_.trace) observer_.trace(explanation.what + ": " + explanation.why);
  if (!is_level_refusal(failure, ran)) return finish(RunFailed{explanation});
  if (auto end = start_at(levels_.set_next(explanation.why))) finish(std::move(*end));
}

}  // namespace parley::machine
