// SPDX-License-Identifier: Apache-2.0
#include "watchdog.hpp"

#include <algorithm>
#include <array>

#include "firmware.hpp"
#include "parley/base/bytes.hpp"
#include "parley/base/text.hpp"

namespace parley::machine {
namespace {

// Real mode ignores the most significant four bits of an address (Power ISA 3.0B Book III 5.7.3.2).
constexpr std::uint64_t kRealAddress = ~std::uint64_t{0} >> 4;

bool in_real_mode(const Sample &sample) { return (sample.regs.msr & kMsrInstructionRelocate) == 0; }

}  // namespace

StallDetector::Verdict StallDetector::update(std::uint64_t exits, const std::optional<Sample> &sample,
                                             std::chrono::seconds limit, SteadyTime now) {
  if (!since_ || exits != exits_) {
    *this = StallDetector();
    exits_ = exits;
    since_ = now;
    return Verdict::kFine;
  }
  if (reported_ || now - *since_ < limit) return Verdict::kFine;
  if (!sample || !in_real_mode(*sample)) {
    last_.reset();
    return Verdict::kSampleNeeded;
  }
  const bool same = last_ && std::ranges::equal(sample->regs.gpr, last_->regs.gpr);
  const bool stalled = same && sample->processor_time - last_->processor_time > (now - last_taken_) / 2;
  last_ = sample;
  last_taken_ = now;
  reported_ = stalled;
  return stalled ? Verdict::kStalled : Verdict::kSampleNeeded;
}

Watchdog::Watchdog(Processors &processors, std::uint64_t memory_size, Environment &environment)
    : processors_(processors), memory_size_(memory_size), environment_(environment), watched_(processors.size()) {}

std::vector<std::string> Watchdog::check(std::chrono::seconds limit) {
  std::vector<std::string> stalls;
  const auto now = environment_.steady_time();
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < processors_.size(); ++i) {
    Processor &processor = processors_[i];
    if (!processor.running) continue;
    const auto sample = std::exchange(watched_[i].sample, {});
    const auto verdict = watched_[i].detector.update(processor.exits, sample, limit, now);
    if (verdict == StallDetector::Verdict::kSampleNeeded) processors_.request_sample(processor);
    if (verdict == StallDetector::Verdict::kStalled)
      stalls.push_back(describe_stall(processor.id(), sample->regs, memory_size_));
  }
  return stalls;
}

void Watchdog::take_sample(Processor &processor) {
  if (!processor.sample_requested.exchange(false)) return;
  const auto regs = processor.vcpu.regs();
  if (!regs) return;
  const Sample sample{*regs, environment_.thread_time()};
  const std::lock_guard lock(mutex_);
  watched_[processor.id().value].sample = sample;
}

std::string describe_place(VcpuId id, const kvm::abi::Regs &regs, const GuestMemory &memory) {
  std::string text = "vCPU " + std::to_string(id.value) + " stood at pc=" + hex64(regs.pc);
  std::array<std::byte, sizeof(std::uint32_t)> word;
  const bool translated = (regs.msr & kMsrInstructionRelocate) != 0;
  if (translated || !memory.read(GuestAddress{regs.pc & kRealAddress}, word)) return text;
  if ((regs.msr & kMsrLittleEndian) != 0) std::ranges::reverse(word);
  return text + ", instruction " + hex32(load_be<std::uint32_t>(word));
}

std::string describe_stall(VcpuId id, const kvm::abi::Regs &regs, std::uint64_t memory_size) {
  const bool inside = (regs.pc & kRealAddress) < memory_size;
  return "no progress: vCPU " + std::to_string(id.value) + " runs " + (inside ? "in real mode" : "outside RAM") +
         " without leaving the guest, at pc=" + hex64(regs.pc) + " (msr " + hex64(regs.msr) + ", srr0 " +
         hex64(regs.srr0) + ", lr " + hex64(regs.lr) + ")";
}

}  // namespace parley::machine
