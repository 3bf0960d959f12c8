// SPDX-License-Identifier: Apache-2.0
//
// The devices of one guest, made from the plan's list and reached in the three ways that a guest has: by the unit
// address of a terminal, by an RTAS or hypervisor call, and by a load or store at an address outside RAM.
//
// They outlive the machine: a guest that reboots finds its NVRAM and its clock as it left them.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "parley/base/environment.hpp"
#include "parley/base/failure.hpp"
#include "parley/devices/clock.hpp"
#include "parley/devices/mmio.hpp"
#include "parley/devices/nvram.hpp"
#include "parley/devices/spec.hpp"
#include "parley/devices/vty.hpp"

namespace parley::devices {

class Devices {
 public:
  struct Terminal {
    VtySpec spec;
    std::unique_ptr<Vty> vty;
  };

  /// `nvram` is the content for the list's NVRAM, if it has one. `mmio` adds devices with registers. Fails where two
  /// devices claim the same address.
  static std::expected<Devices, Failure> build(std::span<const Spec> specs, Nvram nvram = {},
                                               std::vector<MmioBus::Range> mmio = {},
                                               Environment &environment = real_environment());

  std::span<const Terminal> terminals() const { return terminals_; }
  /// The terminal at that unit address; unit 0 is the partition's default terminal, the first one (LoPAR 16.6.3).
  /// nullptr where there is none.
  Vty *terminal(std::uint64_t unit) const;
  /// nullptr for a guest without it.
  Nvram *nvram() { return nvram_ ? &*nvram_ : nullptr; }
  Clock *clock() { return clock_ ? &*clock_ : nullptr; }
  bool has(Kind kind) const { return (kinds_ & bit(kind)) != 0; }
  const MmioBus &mmio() const { return mmio_; }

 private:
  Devices() = default;
  static std::uint32_t bit(Kind kind) { return std::uint32_t{1} << static_cast<unsigned>(kind); }

  std::uint32_t kinds_ = 0;
  std::vector<Terminal> terminals_;
  Bus<Vty> units_;
  std::optional<Nvram> nvram_;
  std::optional<Clock> clock_;
  MmioBus mmio_;
};

}  // namespace parley::devices
