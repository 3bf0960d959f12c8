// SPDX-License-Identifier: Apache-2.0
#include "parley/machine/fresh_vm.hpp"

#include "parley/base/try.hpp"

namespace parley::machine {

std::expected<FreshVm, kvm::CallError> create_fresh_vm(const kvm::System &system, unsigned threads) {
  kvm::Vm vm = TRY(system.create_vm(kvm::abi::kVmHv));
  if (threads != 1) TRY(vm.set_threads_per_core(threads));
  kvm::Vcpu first = TRY(vm.create_vcpu(VcpuId{0}));
  return FreshVm{std::move(vm), std::move(first), threads};
}

Failure cannot_create(const kvm::CallError &error) {
  return {"cannot create the guest", describe(error),
          "see dmesg; ENOMEM: give the guest less memory (-m), end other guests, or reserve more huge pages; EMFILE: "
          "allow more files (ulimit -n)"};
}

}  // namespace parley::machine
