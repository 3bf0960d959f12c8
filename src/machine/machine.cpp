// SPDX-License-Identifier: Apache-2.0
#include "parley/machine/machine.hpp"

#include <signal.h>

#include "firmware.hpp"
#include "parley/base/signal_mask.hpp"
#include "parley/base/text.hpp"
#include "parley/base/thread.hpp"
#include "parley/base/try.hpp"
#include "parley/papr/rtas.hpp"
#include "partition.hpp"
#include "translation.hpp"
#include "vcpu_loop.hpp"

namespace parley::machine {
namespace {

void ignore_signal(int) {}

// SIGUSR1 gets a thread out of the guest: a handler without SA_RESTART. Installed once, as a sandboxed process may not
// change handlers any more.
void install_kick_handler() {
  [[maybe_unused]] static const bool installed = [] {
    struct sigaction action = {};
    action.sa_handler = ignore_signal;
    return sigaction(SIGUSR1, &action, nullptr) == 0;
  }();
}

// The calls that KVM answers in the kernel.
std::expected<void, kvm::CallError> delegate(kvm::Vm &vm, const guest::PaprInterface &interface) {
  for (const auto &call : papr::rtas_calls()) {
    if (call.handle == nullptr) TRY(vm.define_rtas_token(call.name, call.token));
  }
  for (const std::uint64_t number : interface.enabled_hcalls) TRY(vm.enable_hcall(number));
  return {};
}

std::expected<FreshVm, kvm::CallError> create_fresh_vm_in(kvm::Kernel &kernel, unsigned threads) {
  const auto system = kvm::System::open(kernel);
  if (!system) return std::unexpected(system.error().cause);
  return create_fresh_vm(*system, threads);
}

std::expected<kvm::Xics, kvm::CallError> create_interrupts(kvm::Vm &vm, const guest::MachinePlan &plan) {
  kvm::Xics xics = TRY(vm.create_xics());
  for (const devices::Spec &spec : plan.devices)
    for (const std::uint32_t source : devices::interrupts(spec)) TRY(xics.add_source(source));
  return xics;
}

std::expected<kvm::Vcpu, kvm::CallError> prepare(kvm::Vcpu vcpu, const kvm::Xics &xics, VcpuId id) {
  TRY(vcpu.enable_papr());
  TRY(vcpu.connect(xics, id));
  return vcpu;
}

std::expected<std::vector<kvm::Vcpu>, kvm::CallError> create_vcpus(kvm::Vm &vm, kvm::Vcpu first, const kvm::Xics &xics,
                                                                   unsigned count) {
  std::vector<kvm::Vcpu> vcpus;
  vcpus.push_back(TRY(prepare(std::move(first), xics, VcpuId{0})));
  for (std::uint32_t id = 1; id < count; ++id) {
    kvm::Vcpu other = TRY(vm.create_vcpu(VcpuId{id}));
    vcpus.push_back(TRY(prepare(std::move(other), xics, VcpuId{id})));
  }
  return vcpus;
}

}  // namespace

// The members are destroyed in reverse: vCPUs first, then the VM, then the memory that the VM has mapped.
class Machine::Parts {
 public:
  Parts(const Resources &resources, guest::MachinePlan plan, Observer observer, GuestRam ram, kvm::Vm vm,
        kvm::Xics xics, std::vector<kvm::Vcpu> vcpus)
      : plan_(std::move(plan)),
        devices_(resources.devices),
        observer_(std::move(observer)),
        ram_(std::move(ram)),
        vm_(std::move(vm)),
        xics_(std::move(xics)),
        partition_(plan_, observer_, devices_, resources.environment, ram_.memory(), vm_, std::move(vcpus)),
        watchdog_(partition_.processors(), plan_.memory_size, resources.environment) {
    for (const auto &terminal : devices_.terminals())
      terminal.vty->on_input([this, source = terminal.spec.interrupt] { interrupt(source); });
  }
  ~Parts() {
    for (const auto &terminal : devices_.terminals()) terminal.vty->on_input(nullptr);
  }
  Parts(const Parts &) = delete;
  Parts &operator=(const Parts &) = delete;

  End run();
  void stop() { partition_.processors().end(); }
  std::vector<std::string> check_progress(std::chrono::seconds limit) { return watchdog_.check(limit); }

 private:
  void interrupt(std::uint32_t source);
  void run_processors();
  void live_or_fail(Processor &processor);
  void fail(Failure failure) { partition_.ending().finish(RunFailed{std::move(failure)}); }
  void trace_unknown_calls();

  const guest::MachinePlan plan_;
  devices::Devices &devices_;
  const Observer observer_;
  GuestRam ram_;
  kvm::Vm vm_;
  kvm::Xics xics_;
  Partition partition_;
  Watchdog watchdog_;
  const VcpuLoop::Surroundings around_{partition_, devices_, watchdog_, observer_};
};

// Called under the terminal's lock.
void Machine::Parts::interrupt(std::uint32_t source) {
  if (const auto done = vm_.pulse(source); !done)
    fail({"cannot tell the guest that it has input", describe(done.error()), "see dmesg"});
}

End Machine::Parts::run() {
  if (const auto begun = partition_.begin()) {
    if (!partition_.ending().has_cause()) run_processors();
  } else {
    partition_.ending().finish(begun.error());
  }
  trace_unknown_calls();
  return partition_.verified(partition_.ending().take());
}

void Machine::Parts::trace_unknown_calls() {
  std::uint64_t unknown_calls = 0;
  const Processors &processors = partition_.processors();
  for (std::size_t i = 0; i < processors.size(); ++i) unknown_calls += processors[i].unknown_calls;
  if (unknown_calls != 0 && observer_.trace)
    observer_.trace(std::to_string(unknown_calls) + " calls without a handler");
}

void Machine::Parts::run_processors() {
  Processors &processors = partition_.processors();
  std::vector<std::jthread> others;
  others.reserve(processors.size());
  // Ends the vCPUs before their threads are joined, also when something is thrown here.
  const struct EndAll {
    Processors &all;
    ~EndAll() { all.end(); }
  } end_all{processors};
  for (std::size_t i = 1; i < processors.size(); ++i) {
    auto thread = start_thread([this, &processor = processors[i]] { live_or_fail(processor); });
    if (!thread) {
      fail(cannot_start("a thread for each vCPU", thread.error(), "give the guest fewer vCPUs (--smp)"));
      break;
    }
    others.push_back(std::move(*thread));
  }
  live_or_fail(processors[0]);
}

// An exception on one vCPU's thread ends all of them.
void Machine::Parts::live_or_fail(Processor &processor) {
  const SignalMask kicks(SIG_UNBLOCK, {SIGUSR1});  // threads inherit the mask, and the parent may have blocked it
  Processors &processors = partition_.processors();
  processors.register_thread(processor, true);
  try {
    const bool own_thread = processor.id() != VcpuId{0};
    const auto prepared = own_thread && observer_.thread ? observer_.thread() : std::expected<void, Failure>();
    if (prepared) {
      VcpuLoop(around_, processor).run();
    } else {
      fail(prepared.error());
    }
  } catch (const std::exception &error) {
    fail(parley::explain(error));
  }
  processors.register_thread(processor, false);
}

Machine::Machine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Machine::Machine(Machine &&) noexcept = default;
Machine::~Machine() = default;
End Machine::run() { return parts_->run(); }
void Machine::stop() { parts_->stop(); }
std::vector<std::string> Machine::check_progress(std::chrono::seconds limit) { return parts_->check_progress(limit); }

std::expected<Machine, Failure> Machine::build(const Resources &resources, guest::MachinePlan plan, Observer observer,
                                               std::optional<FreshVm> fresh) {
  install_kick_handler();
  const auto create = [&]() -> std::expected<std::unique_ptr<Parts>, kvm::CallError> {
    GuestRam ram = TRY(GuestRam::create(resources.kernel, plan, resources.ram_files));
    TRY(load(ram, plan));
    if (fresh && fresh->threads != plan.threads) fresh.reset();
    auto [vm, first, threads] = fresh ? std::move(*fresh) : TRY(create_fresh_vm_in(resources.kernel, plan.threads));
    TRY(ram.map_into(vm));
    if (plan.nested) TRY(vm.enable_nested_hv());
    TRY(configure_mmu(vm, compat::first_translation(plan.papr.platform, plan.level), plan));
    kvm::Xics xics = TRY(create_interrupts(vm, plan));
    TRY(delegate(vm, plan.papr));
    auto vcpus = TRY(create_vcpus(vm, std::move(first), xics, plan.processors));
    return std::make_unique<Parts>(resources, std::move(plan), std::move(observer), std::move(ram), std::move(vm),
                                   std::move(xics), std::move(vcpus));
  };
  auto parts = create();
  if (!parts) return std::unexpected(cannot_create(parts.error()));
  return Machine(std::move(*parts));
}

}  // namespace parley::machine
