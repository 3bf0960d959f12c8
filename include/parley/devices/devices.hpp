// SPDX-License-Identifier: Apache-2.0
//
// The devices of one guest, made from the plan's list. A guest reaches a device in one of three ways: a terminal by its
// unit address in a hypervisor call, the clock, the NVRAM and random numbers by a call of their own, and a device with
// registers by a load or store at an address outside RAM.
//
// The devices outlive the machine. After a reboot, the guest finds its NVRAM and its clock unchanged.
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

  /// `nvram` is used if the list has an NVRAM. `mmio` adds devices with registers. Fails if two devices have the same
  /// address.
  static std::expected<Devices, Failure> build(std::span<const Spec> specs, Nvram nvram = {},
                                               std::vector<MmioBus::Range> mmio = {},
                                               Environment &environment = real_environment());

  std::span<const Terminal> terminals() const { return terminals_; }
  /// The terminal at a unit address, or nullptr. Unit 0 is the partition's default terminal (LoPAR 16.6.3), which is
  /// the first one of the list.
  Vty *terminal(std::uint64_t unit) const {
    return unit == 0 || unit == first_unit_ ? first_ : find_terminal(unit);  // nearly all calls are for the first one
  }
  /// nullptr if the list has none. The same holds for clock().
  Nvram *nvram() { return nvram_ ? &*nvram_ : nullptr; }
  Clock *clock() { return clock_ ? &*clock_ : nullptr; }
  /// True also where no kind is needed.
  bool has(std::optional<Kind> needed) const { return !needed || (kinds_ & bit(*needed)) != 0; }
  const MmioBus &mmio() const { return mmio_; }

 private:
  Devices() = default;
  static std::uint32_t bit(Kind kind) { return std::uint32_t{1} << static_cast<unsigned>(kind); }

  Vty *find_terminal(std::uint64_t unit) const;

  std::uint32_t kinds_ = 0;
  Vty *first_ = nullptr;
  std::uint64_t first_unit_ = 0;
  std::vector<Terminal> terminals_;
  Bus<Vty> units_;
  std::optional<Nvram> nvram_;
  std::optional<Clock> clock_;
  MmioBus mmio_;
};

}  // namespace parley::devices
