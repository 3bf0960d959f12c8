// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "parley/base/level.hpp"
#include "parley/compat/mmu.hpp"
#include "parley/compat/negotiate.hpp"
#include "parley/compat/platform.hpp"

namespace parley::papr {

/// LoPAR 7.3.8.3, query-cpu-stopped-state.
enum class ProcessorState : std::uint32_t { kStopped = 0, kRunning = 2 };

/// H_GET_CPU_CHARACTERISTICS (arch/powerpc/include/asm/hvcall.h, H_CPU_CHAR_…, H_CPU_BEHAV_…).
struct Characteristics {
  std::uint64_t character = 0;
  std::uint64_t behaviour = 0;
};

/// The outcome of a negotiation.
struct NegotiationOutcome {
  compat::Negotiation table;
  std::string guest_list;               ///< the levels in the guest's list
  std::string operating_system;         ///< the name that it gives itself; may be empty
  std::string offered;                  ///< "power10, power9"
  std::optional<compat::Target> level;  ///< agreed, set and read back on every vCPU; none if the negotiation failed
  compat::Translation mmu{};            ///< the guest's MMU after the negotiation
  compat::Target current;               ///< the guest's level after the negotiation
  std::string problem;                  ///< the reason of the failure, or the refusals before the success
};

/// The services of the machine for a guest's calls, besides memory and devices. Handlers that use them run one at a
/// time.
class Partition {
 public:
  virtual ~Partition() = default;

  /// Sets the byte order of interrupt handlers on every processor. False if the kernel refuses.
  virtual bool set_little_endian_interrupts(bool on) = 0;
  /// Takes interrupts with translation on (Power ISA, LPCR[AIL] 3) or off, on every processor.
  virtual bool set_translated_interrupts(bool on) = 0;
  /// `entry` is the second doubleword of a partition table entry (Power ISA 3.0B Book III 5.7.6.1). Returns an errno.
  virtual int set_process_table(std::uint64_t entry, bool gtse) = 0;
  virtual std::optional<Characteristics> characteristics() = 0;
  /// Sets SPRG0 of the processor that calls. False if the kernel refuses.
  virtual bool set_sprg0(VcpuId caller, std::uint64_t value) = 0;

  /// None for an id without a processor.
  virtual std::optional<ProcessorState> state(VcpuId id) const = 0;
  /// Starts a stopped processor in 64-bit big-endian real mode.
  virtual bool start(VcpuId id, GuestAddress entry, std::uint64_t argument) = 0;
  /// True if a processor other than the caller is running.
  virtual bool any_other_running(VcpuId caller) const = 0;

  /// True if the guest may negotiate once more. Kernels do so once or twice; the limit bounds the reports.
  virtual bool may_negotiate() const = 0;
  /// The levels that the guest may negotiate.
  virtual const compat::Offer &offer() const = 0;
  /// The MMUs and the interrupt controllers that the guest may choose.
  virtual const compat::Platform &platform() const = 0;
  /// The guest's present MMU.
  virtual compat::Translation mmu() const = 0;
  /// Gives the guest that MMU, without any translation. Nothing happens if it has the MMU already. If that fails, the
  /// guest keeps its MMU, and the error is the kernel's answer.
  virtual std::expected<void, std::string> take_mmu(compat::Translation mmu) = 0;
  /// Sets a level on every processor and reads it back. If that fails, all keep their level, and the error is the
  /// kernel's answer.
  virtual std::expected<void, std::string> take_level(compat::Target level) = 0;
  /// Reports the outcome of a negotiation. If a level was agreed, writes it and `vector5` into the guest's tree.
  virtual void negotiated(const NegotiationOutcome &outcome, const Bytes &vector5) = 0;
};

}  // namespace parley::papr
