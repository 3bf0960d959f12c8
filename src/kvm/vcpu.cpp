// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <cassert>

#include "parley/base/try.hpp"
#include "parley/kvm/arch_compat.hpp"
#include "parley/kvm/system.hpp"

namespace parley::kvm {

std::expected<int, CallError> Vcpu::enable_papr() {
  const abi::EnableCap argument{static_cast<std::uint32_t>(abi::Cap::kPpcPapr), 0, {}, {}};
  return descriptor_.call<abi::kEnableCap>(argument, "KVM_CAP_PPC_PAPR");
}

std::expected<int, CallError> Vcpu::set_regs(const abi::Regs &regs) { return descriptor_.call<abi::kSetRegs>(regs); }

std::expected<int, CallError> Vcpu::connect(const Xics &xics, VcpuId server) {
  const auto fd = static_cast<std::uint64_t>(xics.descriptor_.fd());
  const abi::EnableCap argument{static_cast<std::uint32_t>(abi::Cap::kIrqXics), 0, {fd, server.value, 0, 0}, {}};
  return descriptor_.call<abi::kEnableCap>(argument, "KVM_CAP_IRQ_XICS");
}

std::expected<abi::Regs, CallError> Vcpu::regs() const {
  abi::Regs regs{};
  TRY(descriptor_.call<abi::kGetRegs>(regs));
  return regs;
}

std::expected<PhysicalPvr, CallError> Vcpu::pvr() const {
  abi::Sregs sregs{};
  TRY(descriptor_.call<abi::kGetSregs>(sregs));
  return PhysicalPvr{sregs.pvr};
}

Exit Vcpu::run() {
  abi::Run &page = run_page();
  page.exit_reason = kUntouched;
  const int error = descriptor_.kernel().enter(descriptor_.fd(), page);
  Exit exit = classify_exit(error, page);
  // Reading the register costs an ioctl; only failures need it, to tell two of them apart.
  if (auto *failure = std::get_if<RunFailure>(&exit)) {
    const auto level = read_level(*this);
    *failure = with_level(*failure, level ? std::optional(*level) : std::nullopt);
  }
  return exit;
}

void Vcpu::complete_hcall(std::int64_t status) {
  auto &hcall = run_page().papr_hcall;
  hcall.ret = static_cast<std::uint64_t>(status);
  if (observed_) descriptor_.kernel().complete(descriptor_.fd(), HcallCompletion{status, hcall.args});
}

void Vcpu::complete_mmio_load(ByteView bytes) {
  const auto data = std::as_writable_bytes(std::span(run_page().mmio.data));
  assert(bytes.size() <= data.size() && "no more bytes than the load asked for");
  std::ranges::copy(bytes, data.begin());
  if (observed_) descriptor_.kernel().complete(descriptor_.fd(), MmioLoadCompletion{data.first(bytes.size())});
}

void Vcpu::set_immediate_exit(bool on) { std::atomic_ref(run_page().immediate_exit).store(on ? 1 : 0); }

}  // namespace parley::kvm
