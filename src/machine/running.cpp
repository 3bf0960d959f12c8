// SPDX-License-Identifier: Apache-2.0
#include "running.hpp"

#include <time.h>

#include <thread>

#include "layout.hpp"
#include "parley/base/text.hpp"
#include "parley/base/thread.hpp"
#include "parley/papr/hcall.hpp"

namespace parley::machine {
namespace {

// How often in a row the kernel may ask to try again before that counts as a failure.
constexpr int kMaxRetries = 1000;
// How long a vCPU whose text found no room waits before it looks whether the machine has ended.
constexpr std::chrono::milliseconds kConsoleWait{100};

constexpr std::uint64_t kMsrLittleEndian = ppc_bit(63);

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

Machine::Running::Running(guest::MachinePlan plan, Devices devices, Observer observer, kvm::Mapping ram, kvm::Vm vm,
                          kvm::Xics xics, std::vector<std::unique_ptr<Processor>> processors)
    : plan_(std::move(plan)),
      devices_(devices),
      observer_(std::move(observer)),
      ram_(std::move(ram)),
      vm_(std::move(vm)),
      xics_(std::move(xics)),
      processors_(std::move(processors)),
      levels_(plan_, observer_, [this](LogicalPvr level) { return processors_.set_level(level); }) {
  for (std::size_t i = 0; i < processors_.size(); ++i) {
    Processor &processor = processors_[i];
    processor.context.emplace(papr::Context{GuestMemory(ram_.bytes()), devices_.vty, devices_.clock, devices_.nvram,
                                            *this, observer_.trace, processor.id});
  }
  devices_.vty.on_input([this] { vm_.pulse(kConsoleInterrupt); });
}

Machine::Running::~Running() { devices_.vty.on_input(nullptr); }

// --- From the level to the guest's first instruction

// Lets the guest begin at its beginning. It has not run before, so its memory is as it was loaded.
std::optional<End> Machine::Running::start_at(const std::expected<compat::Target, End> &level) {
  if (!level) return level.error();
  level_ = *level;
  plan_.offer.limit_to(level_, "the kernel refused it");
  if (plan_.boot == guest::BootKind::kClientInterface) {
    build_firmware();
  } else if (!write_flat_tree(GuestMemory(ram_.bytes()), plan_, level_)) {
    return RunFailed{{"the guest's device tree does not fit", "it is larger than 64 KiB", "please report it"}};
  }
  show_tree();
  if (const auto started = processors_.start(processors_[0], first_registers()); !started)
    return RunFailed{cannot_create(started.error())};
  return std::nullopt;
}

void Machine::Running::build_firmware() {
  firmware_.emplace(fdt::LiveTree(guest::guest_tree(plan_, level_)), plan_.memory_size);
  for (const guest::Segment &segment : plan_.payload.segments) firmware_->claim(segment.at, segment.size);
  firmware_->claim(plan_.firmware_at, guest::kPageSize);
  if (plan_.initrd) firmware_->claim(plan_.initrd->at, plan_.initrd->size);
  for (std::size_t i = 0; i < processors_.size(); ++i) processors_[i].context->firmware = &*firmware_;
}

void Machine::Running::show_tree() const {
  if (!observer_.tree) return;
  observer_.tree(firmware_ ? firmware_->tree().blob() : flat_tree(plan_, level_));
}

// arch/powerpc/kernel/head_64.S: a kernel tells the two ways to start it apart by r5, the client interface's entry.
kvm::abi::Regs Machine::Running::first_registers() const {
  kvm::abi::Regs regs{};
  regs.pc = plan_.payload.entry.value;
  regs.msr = kMsr64Bit | kMsrMachineCheck | (plan_.payload.little_endian ? kMsrLittleEndian : 0);
  if (!firmware_) {
    regs.gpr[3] = plan_.tree_at.value;
    return regs;
  }
  if (plan_.initrd) {
    regs.gpr[3] = plan_.initrd->at.value;
    regs.gpr[4] = plan_.initrd->size;
  }
  regs.gpr[5] = plan_.firmware_at.value + kClientInterfaceEntry;
  regs.gpr[1] = plan_.firmware_at.value + kFirstStack;  // prom_init runs on what firmware gives it
  return regs;
}

// --- The vCPUs' threads

End Machine::Running::run() {
  {
    const std::lock_guard lock(lock_);
    end_ = start_at(levels_.set_first());
  }
  if (!end_) run_processors();
  std::uint64_t unknown_calls = 0;
  for (std::size_t i = 0; i < processors_.size(); ++i) unknown_calls += processors_[i].context->unknown_calls;
  if (unknown_calls != 0 && observer_.trace)
    observer_.trace(std::to_string(unknown_calls) + " calls that nothing here answers");
  return end_ ? verified(std::move(*end_)) : Stopped{};
}

void Machine::Running::run_processors() {
  std::vector<std::jthread> others;
  others.reserve(processors_.size());
  // Before they are joined, also where something is thrown here.
  const struct Ending {
    Processors &all;
    ~Ending() { all.end(); }
  } ending{processors_};
  for (std::size_t i = 1; i < processors_.size(); ++i) {
    auto thread = start_thread([this, i] { live_or_fail(processors_[i]); });
    if (!thread) {
      fail({"cannot start a thread for each vCPU", "pthread_create: " + errno_text(thread.error()),
            "raise the limits (ulimit -u, pids.max), or give the guest fewer vCPUs (--smp)"});
      break;
    }
    others.push_back(std::move(*thread));
  }
  live_or_fail(processors_[0]);
}

// What is thrown on a vCPU's thread ends all of them.
void Machine::Running::live_or_fail(Processor &processor) {
  processors_.register_thread(processor, true);
  try {
    const bool own_thread = &processor != &processors_[0];
    const auto prepared = own_thread && observer_.thread ? observer_.thread() : std::expected<void, Failure>();
    if (prepared) {
      live(processor);
    } else {
      fail(prepared.error());
    }
  } catch (const std::exception &error) {
    fail(explain(error));
  }
  processors_.register_thread(processor, false);
}

void Machine::Running::live(Processor &processor) {
  for (;;) {
    if (processor.leaving) {
      const std::lock_guard lock(lock_);
      processors_.stop(processor);
    }
    if (!processors_.wait_until_running(processor)) break;
    const kvm::Exit exit = processor.vcpu.run();
    if (const auto *hcall = std::get_if<kvm::Hcall>(&exit)) {  // the usual one needs no table of functions
      handle(processor, *hcall);
    } else {
      std::visit([&](const auto &reason) { handle(processor, reason); }, exit);
    }
  }
}

void Machine::Running::fail(Failure failure) {
  const std::lock_guard lock(lock_);
  finish(RunFailed{std::move(failure)});
}

void Machine::Running::finish(End end) {
  if (!end_) end_ = std::move(end);
  processors_.end();
}

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
  if (const auto &shutdown = processor.context->shutdown) finish(GuestEnded{*shutdown});
  return answered;
}

// False where the console has no room for what the guest prints: the call is to be made again.
bool Machine::Running::call(Processor &processor, const kvm::Hcall &hcall, const papr::HcallEntry *entry) {
  papr::Context &context = *processor.context;
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

// Nothing is there: loads read as all ones, stores vanish, as on a bus without an answer.
void Machine::Running::handle(Processor &processor, const kvm::Mmio &access) {
  moved_on(processor);
  const std::lock_guard lock(lock_);
  if (observer_.trace)
    observer_.trace(std::string(access.is_write ? "store to " : "load from ") + hex64(access.address.value) +
                    ", outside RAM");
  if (!access.is_write) processor.vcpu.complete_mmio_load_with_ones();
}

// A guest that has run is not started anew at another level, and a failed entry at a level that the host has is no
// refusal of the level: under nested API v2 any refused entry looks the same.
bool Machine::Running::is_level_refusal(const kvm::RunFailure &failure) const {
  for (std::size_t i = 0; i < processors_.size(); ++i)
    if (processors_[i].exits != 0) return false;
  if (failure.kind == kvm::RunFailureKind::kLevelInvalid) return true;
  const auto level = level_.level();
  return failure.kind == kvm::RunFailureKind::kLateRefusal && level && plan_.host_level && *level > *plan_.host_level;
}

void Machine::Running::handle(Processor &processor, const kvm::RunFailure &failure) {
  if (failure.kind == kvm::RunFailureKind::kTryAgain && ++processor.retries < kMaxRetries) return;
  const Failure explanation = explain(failure);
  const std::lock_guard lock(lock_);
  if (observer_.failure) observer_.failure(failure);
  if (observer_.trace) observer_.trace(explanation.what + ": " + explanation.why);
  if (!is_level_refusal(failure)) return finish(RunFailed{explanation});
  if (auto end = start_at(levels_.set_next(explanation.why))) finish(std::move(*end));
}

// The proof after the fact, when all have stopped: under nested API v2 the level comes from the hypervisor, not from a
// copy in the kernel.
End Machine::Running::verified(End end) const {
  if (!std::holds_alternative<GuestEnded>(end) || level_.is_raw()) return end;
  for (std::size_t i = 0; i < processors_.size(); ++i) {
    const auto level = kvm::read_level(processors_[i].vcpu);
    if (level == level_.pvr) continue;
    return RunFailed{{"the guest ran, but not provably at " + describe(level_),
                      "arch_compat of vCPU " + std::to_string(i) + " reads back " +
                          (level ? hex32(level->value) : describe(level.error())) + " after the run",
                      "do not trust this guest's level; please report it with the kernel's version"}};
  }
  return end;
}

std::vector<std::string> Machine::Running::check_progress(std::chrono::seconds limit) {
  std::vector<std::string> stalls;
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(lock_);
  for (std::size_t i = 0; i < processors_.size(); ++i) {
    Processor &processor = processors_[i];
    if (!processor.running) continue;
    const auto sample = std::exchange(processor.sample, {});
    const auto verdict = processor.watch.look(processor.exits, sample, limit, now);
    if (verdict == Watch::Verdict::kLookAgain) processors_.want_sample(processor);
    if (verdict == Watch::Verdict::kStalled)
      stalls.push_back(describe_stall(processor.id, sample->regs, plan_.memory_size));
  }
  return stalls;
}

}  // namespace parley::machine
