// SPDX-License-Identifier: Apache-2.0
#include "parley/machine/machine.hpp"

#include <signal.h>

#include "layout.hpp"
#include "parley/base/try.hpp"
#include "parley/papr/hcall.hpp"
#include "parley/papr/option_vectors.hpp"
#include "parley/papr/rtas.hpp"
#include "running.hpp"

namespace parley::machine {
namespace {

void ignore_signal(int) {}

// Without SA_RESTART, so that the signal gets a thread out of the guest. Once: a process that is locked down may change
// no handler any more.
void install_kick_handler() {
  [[maybe_unused]] static const bool installed = [] {
    struct sigaction action = {};
    action.sa_handler = ignore_signal;
    return sigaction(SIGUSR1, &action, nullptr) == 0;
  }();
}

// What KVM is to answer without us.
std::expected<void, kvm::CallError> delegate(kvm::Vm &vm, const guest::PaprInterface &interface) {
  for (const auto &call : papr::rtas_calls()) {
    if (call.handle == nullptr) TRY(vm.define_rtas_token(call.name, call.token));
  }
  for (const std::uint64_t number : interface.enabled_hcalls) TRY(vm.enable_hcall(number));
  return {};
}

std::expected<FreshVm, kvm::CallError> create_fresh_vm_in(kvm::Kernel &kernel) {
  const auto system = kvm::System::open(kernel);
  if (!system) return std::unexpected(system.error().cause);
  return create_fresh_vm(*system);
}

std::expected<kvm::Vcpu, kvm::CallError> prepare(kvm::Vcpu vcpu, const kvm::Xics &xics, VcpuId id) {
  TRY(vcpu.enable_papr());
  TRY(vcpu.connect(xics, id));
  return vcpu;
}

}  // namespace

Machine::Machine(std::unique_ptr<Running> running) : running_(std::move(running)) {}
Machine::Machine(Machine &&) noexcept = default;
Machine::~Machine() = default;
End Machine::run() { return running_->run(); }
void Machine::stop() { running_->stop(); }
std::vector<std::string> Machine::check_progress(std::chrono::seconds limit) { return running_->check_progress(limit); }

std::expected<Machine, Failure> Machine::build(kvm::Kernel &kernel, guest::MachinePlan plan, Devices devices,
                                               Observer observer, std::optional<FreshVm> fresh) {
  install_kick_handler();
  const auto create = [&]() -> std::expected<std::unique_ptr<Running>, kvm::CallError> {
    kvm::Mapping ram = TRY(kvm::Mapping::anonymous(kernel, plan.memory_size));
    TRY(load(ram, plan));
    auto [vm, first] = fresh ? std::move(*fresh) : TRY(create_fresh_vm_in(kernel));
    TRY(vm.map_memory(GuestAddress{0}, ram.bytes()));
    TRY(vm.configure_radix());
    kvm::Xics xics = TRY(vm.create_xics());
    TRY(xics.add_source(kConsoleInterrupt));
    TRY(delegate(vm, plan.papr));
    std::vector<kvm::Vcpu> vcpus;
    vcpus.push_back(TRY(prepare(std::move(first), xics, VcpuId{0})));
    for (std::uint32_t id = 1; id < plan.processors; ++id) {
      kvm::Vcpu other = TRY(vm.create_vcpu(VcpuId{id}));
      vcpus.push_back(TRY(prepare(std::move(other), xics, VcpuId{id})));
    }
    return std::make_unique<Running>(std::move(plan), devices, std::move(observer), std::move(ram), std::move(vm),
                                     std::move(xics), std::move(vcpus));
  };
  auto running = create();
  if (!running) return std::unexpected(cannot_create(running.error()));
  return Machine(std::move(*running));
}

std::expected<FreshVm, kvm::CallError> create_fresh_vm(const kvm::System &system) {
  kvm::Vm vm = TRY(system.create_vm(kvm::abi::kVmHv));
  kvm::Vcpu first = TRY(vm.create_vcpu(VcpuId{0}));
  return FreshVm{std::move(vm), std::move(first)};
}

Failure cannot_create(const kvm::CallError &error) {
  return {
      "cannot create the guest", describe(error),
      "see dmesg; ENOMEM: give the guest less memory (-m) or end other guests; EMFILE: allow more files (ulimit -n)"};
}

guest::PaprInterface papr_interface(const host::KvmFacts &kvm) {
  guest::PaprInterface interface;
  for (const auto &call : papr::rtas_calls()) interface.rtas.push_back({std::string(call.name), call.token});
  interface.hypertas = papr::hypertas_functions();
  if (kvm.capability("KVM_CAP_PPC_ENABLE_HCALL") != 0) {
    for (const auto &call : papr::hcalls()) {
      if (call.enable) interface.enabled_hcalls.push_back(call.number);
    }
  }
  interface.console_unit = devices::Vty::kUnit;
  interface.console_interrupt = kConsoleInterrupt;
  interface.nvram_size = devices::Nvram::kSize;
  interface.platform_support = papr::platform_support();
  interface.granted = papr::grant_all();
  return interface;
}

}  // namespace parley::machine
