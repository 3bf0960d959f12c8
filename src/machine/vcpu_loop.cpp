// SPDX-License-Identifier: Apache-2.0
//
// One vCPU, one thread, one loop. Everything here runs on the thread of its vCPU.
//
// The path of a hypercall is the hot path of the program. The exit carries a number and nine registers. find_hcall()
// looks the number up in a table. An independent call goes straight to its handler; all others take the partition's
// lock. The status goes into kvm_run, and the next entry delivers it to the guest. Besides the status, a handler
// returns an effect (papr::Effect); nearly all calls have none.
//
// A full console is such an effect. The handler has written nothing in this case. The loop waits for room, without
// holding a lock, and makes the same call again. So a guest waits for a slow reader of its console, and no byte is
// lost.
//
// Loads and stores outside RAM go to the MMIO bus of the devices. If no device decodes the address, a load returns all
// ones and a store has no effect, as on hardware.
#include "vcpu_loop.hpp"

#include "parley/base/text.hpp"

namespace parley::machine {
namespace {

// The kernel may ask for a retry. More consecutive requests than this are a failure.
constexpr int kMaxRetries = 1000;
// A vCPU that waits for room on its console checks at this interval whether the machine has ended.
constexpr std::chrono::milliseconds kConsoleWait{100};

}  // namespace

void VcpuLoop::run() {
  for (;;) {
    if (processor_.stopping) {
      const auto lock = around_.partition.lock();
      processors_.stop(processor_);
    }
    if (!processors_.wait_until_running(processor_)) return;
    const kvm::Exit exit = processor_.vcpu.run();
    if (const auto *hcall = std::get_if<kvm::Hcall>(&exit)) {  // std::visit would add an indirect call to the hot path
      handle(*hcall);
    } else {
      std::visit([&](const auto &reason) { handle(reason); }, exit);
    }
  }
}

void VcpuLoop::count_exit() {
  processor_.exits.store(processor_.exits.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  processor_.retries = 0;
}

papr::Effect VcpuLoop::call(const kvm::Hcall &hcall, const papr::HcallEntry *entry) {
  papr::Answer answer = papr::dispatch_hcall(processor_.context, hcall.number, entry, hcall.registers);
  processor_.vcpu.complete_hcall(static_cast<std::int64_t>(answer.status));
  return std::move(answer.effect);
}

void VcpuLoop::handle(const kvm::Hcall &hcall) {
  count_exit();
  const papr::HcallEntry *entry = papr::find_hcall(hcall.number);
  const bool serialize = entry == nullptr || !entry->independent || around_.observer.trace;  // keeps a trace in order
  papr::Effect effect = serialize ? call_under_lock(hcall, entry) : call(hcall, entry);
  if (effect.kind != papr::Effect::Kind::kNone) follow_up(hcall, entry, serialize, std::move(effect));
}

// Apart, like call_under_lock(), so that a call without an effect saves no registers for it.
[[gnu::noinline]] void VcpuLoop::follow_up(const kvm::Hcall &hcall, const papr::HcallEntry *entry, bool serialize,
                                           papr::Effect effect) {
  while (effect.kind == papr::Effect::Kind::kConsoleFull && !processors_.ended()) {
    effect.terminal->wait_for_room(kConsoleWait);
    effect = serialize ? call_under_lock(hcall, entry) : call(hcall, entry);
  }
  apply(std::move(effect));
}

[[gnu::noinline]] papr::Effect VcpuLoop::call_under_lock(const kvm::Hcall &hcall, const papr::HcallEntry *entry) {
  const auto lock = around_.partition.lock();
  return call(hcall, entry);
}

void VcpuLoop::apply(papr::Effect effect) {
  switch (effect.kind) {
    case papr::Effect::Kind::kStopCaller:
      return around_.partition.stop_self(processor_);
    case papr::Effect::Kind::kShutdown:
      return around_.partition.ending().finish(GuestEnded{std::move(*effect.shutdown)});
    case papr::Effect::Kind::kUnknownCall:
      ++processor_.unknown_calls;
      return;
    case papr::Effect::Kind::kNone:
    case papr::Effect::Kind::kConsoleFull:
      return;
  }
}

void VcpuLoop::handle(const kvm::BadRtasArguments &) {
  count_exit();
  const auto lock = around_.partition.lock();
  if (around_.observer.trace) around_.observer.trace("RTAS: the kernel cannot read the arguments");
  processor_.vcpu.complete_hcall(static_cast<std::int64_t>(papr::Status::kParameter));
}

void VcpuLoop::handle(const kvm::MmioLoad &load) {
  count_exit();
  const auto lock = around_.partition.lock();
  std::array<std::byte, 8> bytes;
  bytes.fill(std::byte{0xff});
  const auto into = std::span(bytes).first(load.length);
  if (const auto hit = around_.devices.mmio().find(load.address.value, load.length)) {
    hit->handler->load(hit->offset, into);
  } else if (around_.observer.trace) {
    around_.observer.trace("load from " + hex64(load.address.value) + ", outside RAM");
  }
  processor_.vcpu.complete_mmio_load(into);
}

void VcpuLoop::handle(const kvm::MmioStore &store) {
  count_exit();
  const auto lock = around_.partition.lock();
  if (const auto hit = around_.devices.mmio().find(store.address.value, store.bytes.size())) {
    hit->handler->store(hit->offset, store.bytes);
  } else if (around_.observer.trace) {
    around_.observer.trace("store to " + hex64(store.address.value) + ", outside RAM");
  }
}

void VcpuLoop::handle(const kvm::RunFailure &failure) {
  if (failure.kind == kvm::RunFailureKind::kTryAgain && ++processor_.retries < kMaxRetries) return;
  around_.partition.run_failed(processor_, failure);
}

}  // namespace parley::machine
