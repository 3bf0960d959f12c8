// SPDX-License-Identifier: Apache-2.0
//
// KVM_RUN of the fake KVM: the checks before entry, the played exits, and the answers that KVM takes at the next entry.
//
// The fake also checks its caller. It throws where a vCPU is entered although nothing answered its hypercall or load,
// and where the status in kvm_run is not the one that Kernel::complete() reported: a recorder would have missed it.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

#include "fake_kvm.hpp"
#include "parley/base/bytes.hpp"
#include "parley/papr/hcall.hpp"
#include "parley/papr/rtas.hpp"

namespace parley::testing {

namespace abi = kvm::abi;

namespace {

bool wants_answer(const abi::Run &page) {
  return page.exit_reason == abi::kExitPaprHcall || (page.exit_reason == abi::kExitMmio && page.mmio.is_write == 0);
}

}  // namespace

void FakeKvm::complete(int vcpu_fd, const kvm::Completion &completion) {
  const std::lock_guard lock(mutex_);
  VcpuState &answering = vcpu(vcpu_of_.at(vcpu_fd));
  answering.answered = true;
  if (const auto *hcall = std::get_if<kvm::HcallCompletion>(&completion)) answering.status = hcall->status;
}

void FakeKvm::take_answer(VcpuState &vcpu) {
  const bool answered = std::exchange(vcpu.answered, false);
  const auto due = std::exchange(vcpu.answer_due, std::nullopt);
  if (!due) return;
  if (!answered) throw std::logic_error("entered the guest with an exit that nothing answered");
  if (due != abi::kExitPaprHcall) return;
  const auto status = static_cast<std::int64_t>(vcpu.run->papr_hcall.ret);
  if (status != vcpu.status) throw std::logic_error("an hcall's status that the seam was not told");
  answers_.push_back(status);
}

// What KVM does before it enters the guest; a value, 0 or an errno, where it does not enter it.
std::optional<int> FakeKvm::before_entry(VcpuState &vcpu) {
  abi::Run &page = *vcpu.run;
  take_answer(vcpu);
  if (std::atomic_ref(page.immediate_exit).load() != 0) return EINTR;
  if (!sane(vcpu)) {
    page.exit_reason = abi::kExitInternalError;
    return EINVAL;
  }
  const auto entered = Level::from_logical(LogicalPvr{vcpu.arch_compat});
  if (host_.api == Api::kNestedV2 && host_.hypervisor_checks && entered && *entered > host_.level) {
    page.exit_reason = abi::kExitUnknown;
    page.hw.hardware_exit_reason = static_cast<std::uint64_t>(-EINVAL);
    return 0;
  }
  vcpu.ran = true;
  levels_entered_.push_back(vcpu.arch_compat);
  return std::nullopt;
}

PlayedExit FakeKvm::next_exit(std::uint32_t id) {
  auto &script = scripts_[id];
  if (script.empty()) return id == 0 ? rtas("power-off", {0xffffffff, 0xffffffff}, 1) : nullptr;
  PlayedExit exit = std::move(script.front());
  script.pop_front();
  return exit;
}

int FakeKvm::enter(int vcpu_fd, abi::Run &page) {
  const std::uint32_t id = vcpu_of_.at(vcpu_fd);
  PlayedExit exit;
  {
    const std::lock_guard lock(mutex_);
    if (const auto failure = planned_failure(abi::kRun)) return *failure;
    if (const auto left = before_entry(vcpu(id))) return *left;
    exit = next_exit(id);
  }
  if (!exit) {
    while (std::atomic_ref(page.immediate_exit).load() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return EINTR;
  }
  const int failure = exit(page);  // outside of the lock: it may look at this fake
  const std::lock_guard lock(mutex_);
  if (failure == 0 && wants_answer(page)) vcpu(id).answer_due = page.exit_reason;
  return failure;
}

PlayedExit FakeKvm::rtas(std::string_view name, std::vector<std::uint32_t> arguments, std::uint32_t results,
                         std::uint64_t at) {
  const auto calls = papr::rtas_calls();
  const auto call = std::ranges::find(calls, name, &papr::RtasEntry::name);
  std::vector<std::uint32_t> block{call->token, static_cast<std::uint32_t>(arguments.size()), results};
  block.insert(block.end(), arguments.begin(), arguments.end());
  return [this, at, block = std::move(block)](abi::Run &run) {
    for (std::size_t i = 0; i < block.size(); ++i) store_be(ram().subspan(at + 4 * i), block[i]);
    return hcall(papr::kHcallRtas, {at})(run);
  };
}

}  // namespace parley::testing
