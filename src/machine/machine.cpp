// SPDX-License-Identifier: Apache-2.0
#include "parley/machine/machine.hpp"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <optional>

#include "level_setter.hpp"
#include "parley/base/text.hpp"
#include "parley/base/try.hpp"
#include "parley/kvm/arch_compat.hpp"
#include "parley/papr/hcall.hpp"
#include "parley/papr/rtas.hpp"

namespace parley::machine {
namespace {

// How often in a row the kernel may ask to try again before that counts as a failure.
constexpr int kMaxRetries = 1000;

constexpr std::uint64_t kMsr64Bit = ppc_bit(0);
constexpr std::uint64_t kMsrMachineCheck = ppc_bit(51);
constexpr std::uint64_t kMsrLittleEndian = ppc_bit(63);

Failure setup_failure(const kvm::CallError &error) {
  return {"cannot create the guest", describe(error),
          "see dmesg; ENOMEM: give the guest less memory (-m) or end other guests"};
}

bool load_payload(GuestMemory ram, const guest::Payload &payload) {
  for (const auto &segment : payload.segments) {
    if (!ram.write(segment.at, segment.content)) return false;  // what follows the content is zero: RAM is fresh
  }
  return true;
}

void ignore_signal(int) {}

// Without SA_RESTART, so that the signal gets a thread out of whatever it waits in.
void install_kick_handler() {
  struct sigaction action = {};
  action.sa_handler = ignore_signal;
  sigaction(SIGUSR1, &action, nullptr);
}

}  // namespace

class Machine::Running {
 public:
  Running(guest::MachinePlan plan, Observer observer, kvm::Mapping ram, kvm::Vm vm, kvm::Vcpu vcpu)
      : plan_(std::move(plan)),
        observer_(std::move(observer)),
        ram_(std::move(ram)),
        vm_(std::move(vm)),
        vcpu_(std::move(vcpu)),
        vty_(observer_.console),
        context_{GuestMemory(ram_.bytes()), vty_, {}, 0},
        levels_(plan_, observer_) {}

  End run();
  void stop();

 private:
  std::optional<End> start_at(const std::expected<compat::Target, End> &level);
  bool is_level_refusal(const kvm::RunFailure &failure) const;
  std::optional<End> handle(const kvm::Hcall &hcall);
  std::optional<End> handle(const kvm::Interrupted &) { return std::nullopt; }
  std::optional<End> handle(const kvm::BadRtasArguments &);
  std::optional<End> handle(const kvm::Mmio &access);
  std::optional<End> handle(const kvm::RunFailure &failure);
  void guest_ran() {
    guest_ran_ = true;
    retries_ = 0;
  }
  End guest_ended();
  void trace(const std::string &line) const {
    if (observer_.trace) observer_.trace(line);
  }

  // In this order so that the vCPU goes first, then the VM, then the memory that the VM has mapped.
  guest::MachinePlan plan_;
  Observer observer_;
  kvm::Mapping ram_;
  kvm::Vm vm_;
  kvm::Vcpu vcpu_;

  devices::Vty vty_;
  papr::Context context_;
  LevelSetter levels_;
  compat::Target level_;
  bool guest_ran_ = false;  // it got as far as an exit of its own
  int retries_ = 0;         // in a row

  std::atomic<bool> stopping_ = false;
  std::mutex runner_mutex_;
  std::optional<pthread_t> runner_;  // the thread in run()
};

// Puts the tree of that level in place and lets the guest begin at its beginning. It has not run before, so its memory
// is as it was loaded.
std::optional<End> Machine::Running::start_at(const std::expected<compat::Target, End> &level) {
  if (!level) return level.error();
  level_ = *level;
  const Bytes tree = fdt::to_blob(guest::guest_tree(plan_, level_));
  if (tree.size() > guest::kTreeRoom || !context_.memory.write(plan_.tree_at, tree)) {
    return RunFailed{
        {"the guest's device tree does not fit", std::to_string(tree.size()) + " bytes", "please report it"}};
  }
  kvm::abi::Regs regs{};
  regs.pc = plan_.payload.entry.value;
  regs.msr = kMsr64Bit | kMsrMachineCheck | (plan_.payload.little_endian ? kMsrLittleEndian : 0);
  regs.gpr[3] = plan_.tree_at.value;
  if (const auto done = vcpu_.set_regs(regs); !done) return RunFailed{setup_failure(done.error())};
  return std::nullopt;
}

End Machine::Running::run() {
  {
    const std::lock_guard lock(runner_mutex_);
    runner_ = pthread_self();
  }
  std::optional<End> end = start_at(levels_.set_first(vcpu_));
  while (!end && !stopping_) {
    const kvm::Exit exit = vcpu_.run();
    end = std::visit([this](const auto &reason) { return handle(reason); }, exit);
  }
  const std::lock_guard lock(runner_mutex_);
  runner_.reset();
  return end ? std::move(*end) : Stopped{};
}

void Machine::Running::stop() {
  stopping_ = true;
  vcpu_.set_immediate_exit(true);
  const std::lock_guard lock(runner_mutex_);
  if (runner_) pthread_kill(*runner_, SIGUSR1);
}

std::optional<End> Machine::Running::handle(const kvm::Hcall &hcall) {
  guest_ran();
  const papr::Status status = papr::dispatch_hcall(context_, hcall.number, hcall.args);
  if (observer_.trace) {
    const papr::HcallEntry *entry = papr::find_hcall(hcall.number);
    const std::string name = entry != nullptr ? std::string(entry->name) : "unknown hcall " + hex64(hcall.number);
    observer_.trace(name + ": " + std::to_string(static_cast<std::int64_t>(status)));
  }
  if (context_.shutdown) return guest_ended();
  vcpu_.complete_hcall(static_cast<std::int64_t>(status));
  return std::nullopt;
}

std::optional<End> Machine::Running::handle(const kvm::BadRtasArguments &) {
  guest_ran();
  trace("H_RTAS: arguments that the kernel cannot read");
  vcpu_.complete_hcall(static_cast<std::int64_t>(papr::Status::kParameter));
  return std::nullopt;
}

// Nothing is there: loads read as all ones, stores vanish, as on a bus without an answer.
std::optional<End> Machine::Running::handle(const kvm::Mmio &access) {
  guest_ran();
  trace(std::string(access.is_write ? "store to " : "load from ") + hex64(access.address.value) + ", outside RAM");
  if (!access.is_write) vcpu_.complete_mmio_load_with_ones();
  return std::nullopt;
}

// A guest that has run is not started anew at another level, and a failed entry at a level that the host has is no
// refusal of the level: under nested API v2 any refused entry looks the same.
bool Machine::Running::is_level_refusal(const kvm::RunFailure &failure) const {
  if (guest_ran_) return false;
  if (failure.kind == kvm::RunFailureKind::kLevelInvalid) return true;
  const auto level = level_.level();
  return failure.kind == kvm::RunFailureKind::kLateRefusal && level && plan_.host_level && *level > *plan_.host_level;
}

std::optional<End> Machine::Running::handle(const kvm::RunFailure &failure) {
  if (failure.kind == kvm::RunFailureKind::kTryAgain && ++retries_ < kMaxRetries) return std::nullopt;
  const Failure explanation = explain(failure);
  trace(explanation.what + ": " + explanation.why);
  if (is_level_refusal(failure)) return start_at(levels_.set_next(vcpu_, explanation.why));
  return RunFailed{explanation};
}

End Machine::Running::guest_ended() {
  if (context_.unknown_calls != 0) trace(std::to_string(context_.unknown_calls) + " calls that nothing here answers");
  // The proof after the fact: under nested API v2 this comes from the hypervisor, not from a copy in the kernel.
  const auto level = kvm::read_level(vcpu_);
  if (!level_.is_raw() && level != level_.pvr) {
    const std::string says = level ? hex32(level->value) : describe(level.error());
    return RunFailed{{"the guest ran, but not provably at " + describe(level_),
                      "arch_compat reads back " + says + " after the run",
                      "do not trust this guest's level; please report it with the kernel's version"}};
  }
  return GuestEnded{*context_.shutdown};
}

Machine::Machine(std::unique_ptr<Running> running) : running_(std::move(running)) {}
Machine::Machine(Machine &&) noexcept = default;
Machine::~Machine() = default;
End Machine::run() { return running_->run(); }
void Machine::stop() { running_->stop(); }

std::expected<Machine, Failure> Machine::build(kvm::Kernel &kernel, guest::MachinePlan plan, Observer observer) {
  install_kick_handler();
  const auto create = [&]() -> std::expected<std::unique_ptr<Running>, kvm::CallError> {
    const auto system = kvm::System::open(kernel);
    if (!system) return std::unexpected(system.error().cause);
    kvm::Mapping ram = TRY(kvm::Mapping::anonymous(kernel, plan.memory_size));
    kvm::Vm vm = TRY(system->create_vm(kvm::abi::kVmHv));
    TRY(vm.map_memory(GuestAddress{0}, ram.bytes()));
    TRY(vm.configure_radix());
    kvm::Vcpu vcpu = TRY(vm.create_vcpu(VcpuId{0}));
    const bool fits = load_payload(GuestMemory(ram.bytes()), plan.payload);
    if (!fits) return std::unexpected(kvm::CallError{"loading the payload into the guest's memory", EFAULT});
    return std::make_unique<Running>(std::move(plan), std::move(observer), std::move(ram), std::move(vm),
                                     std::move(vcpu));
  };
  auto running = create();
  if (!running) return std::unexpected(setup_failure(running.error()));
  return Machine(std::move(*running));
}

guest::Services services() {
  guest::Services services;
  for (const auto &call : papr::rtas_calls()) services.rtas.push_back({std::string(call.name), call.token});
  services.hypertas = papr::hypertas_functions();
  services.console_unit = devices::Vty::kUnit;
  return services;
}

}  // namespace parley::machine
