// SPDX-License-Identifier: Apache-2.0
#include "processor.hpp"

#include <algorithm>
#include <array>

#include "layout.hpp"
#include "parley/base/bytes.hpp"
#include "parley/base/text.hpp"

namespace parley::machine {
namespace {

constexpr std::uint64_t kMsrInstructionRelocate = ppc_bit(58);
// In real mode the hypervisor ignores the uppermost bits of an address (Power ISA 3.0B Book III 5.7.3.2).
constexpr std::uint64_t kRealAddress = ~std::uint64_t{0} >> 4;

bool in_real_mode(const Sample &sample) { return (sample.regs.msr & kMsrInstructionRelocate) == 0; }

}  // namespace

Watch::Verdict Watch::look(std::uint64_t exits, const std::optional<Sample> &sample, std::chrono::seconds limit,
                           Time now) {
  if (!since_ || exits != exits_) {
    *this = Watch();
    exits_ = exits;
    since_ = now;
    return Verdict::kFine;
  }
  if (told_ || now - *since_ < limit) return Verdict::kFine;
  if (!sample || !in_real_mode(*sample)) {
    last_.reset();
    return Verdict::kLookAgain;
  }
  const bool busy = last_ && sample->processor_time - last_->processor_time > (now - last_taken_) / 2;
  last_ = sample;
  last_taken_ = now;
  told_ = busy;
  return busy ? Verdict::kStalled : Verdict::kLookAgain;
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
  return "no progress: vCPU " + std::to_string(id.value) + " at pc=" + hex64(regs.pc) +
         (inside ? ", in real mode" : ", outside RAM") + ", runs without ever leaving the guest (msr " +
         hex64(regs.msr) + ", srr0 " + hex64(regs.srr0) + ", lr " + hex64(regs.lr) + ")";
}

}  // namespace parley::machine
