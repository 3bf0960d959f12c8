// SPDX-License-Identifier: Apache-2.0
#include "running.hpp"

#include <signal.h>

#include <thread>

#include "layout.hpp"
#include "parley/base/text.hpp"
#include "parley/base/thread.hpp"

namespace parley::machine {
namespace {

// Whoever started us may have blocked the signal, and threads inherit that.
class KicksAllowed {
 public:
  KicksAllowed() {
    sigset_t kicks;
    sigemptyset(&kicks);
    sigaddset(&kicks, SIGUSR1);
    pthread_sigmask(SIG_UNBLOCK, &kicks, &before_);
  }
  ~KicksAllowed() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  KicksAllowed(const KicksAllowed &) = delete;
  KicksAllowed &operator=(const KicksAllowed &) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

Machine::Running::Running(guest::MachinePlan plan, Devices devices, Observer observer, kvm::Mapping ram, kvm::Vm vm,
                          kvm::Xics xics, std::vector<kvm::Vcpu> vcpus)
    : plan_(std::move(plan)),
      devices_(devices),
      observer_(std::move(observer)),
      ram_(std::move(ram)),
      vm_(std::move(vm)),
      xics_(std::move(xics)),
      processors_(make_processors(std::move(vcpus))),
      levels_(plan_, observer_, [this](LogicalPvr level) { return processors_.set_level(level); }) {
  devices_.vty.on_input([this] { interrupt_for_input(); });
}

Machine::Running::~Running() { devices_.vty.on_input(nullptr); }

// Needs all members before processors_.
std::vector<std::unique_ptr<Processor>> Machine::Running::make_processors(std::vector<kvm::Vcpu> vcpus) {
  std::vector<std::unique_ptr<Processor>> processors;
  for (kvm::Vcpu &vcpu : vcpus) {
    const VcpuId id{static_cast<std::uint32_t>(processors.size())};
    papr::Context context{
        GuestMemory(ram_.bytes()), devices_.vty, devices_.clock, devices_.nvram, *this, observer_.trace, id};
    processors.push_back(std::make_unique<Processor>(std::move(vcpu), std::move(context)));
  }
  return processors;
}

// Under the terminal's lock: it may not wait for lock_, whose holder may want the terminal.
void Machine::Running::interrupt_for_input() {
  const auto done = vm_.pulse(kConsoleInterrupt);
  if (done) return;
  {
    const std::lock_guard lock(input_lock_);
    input_lost_ = done.error();
  }
  processors_.end();
}

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
  for (std::size_t i = 0; i < processors_.size(); ++i) processors_[i].context.firmware = &*firmware_;
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
  for (std::size_t i = 0; i < processors_.size(); ++i) unknown_calls += processors_[i].context.unknown_calls;
  if (unknown_calls != 0 && observer_.trace)
    observer_.trace(std::to_string(unknown_calls) + " calls that nothing here answers");
  return verified(take_end());
}

End Machine::Running::take_end() {
  if (end_) return std::move(*end_);
  const std::lock_guard lock(input_lock_);
  if (!input_lost_) return Stopped{};
  return RunFailed{{"cannot tell the guest that it has input", describe(*input_lost_), "see dmesg"}};
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
  const KicksAllowed kicks;
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
  // Its holder may wait for a reader of the log; the next look is as good.
  const std::unique_lock lock(lock_, std::try_to_lock);
  if (!lock) return stalls;
  for (std::size_t i = 0; i < processors_.size(); ++i) {
    Processor &processor = processors_[i];
    if (!processor.running) continue;
    const auto sample = std::exchange(processor.sample, {});
    const auto verdict = processor.watch.look(processor.exits, sample, limit, now);
    if (verdict == Watch::Verdict::kLookAgain) processors_.want_sample(processor);
    if (verdict == Watch::Verdict::kStalled)
      stalls.push_back(describe_stall(processor.id(), sample->regs, plan_.memory_size));
  }
  return stalls;
}

}  // namespace parley::machine
