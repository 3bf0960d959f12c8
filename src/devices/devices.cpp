// SPDX-License-Identifier: Apache-2.0
#include "parley/devices/devices.hpp"

namespace parley::devices {
namespace {

std::unexpected<Failure> conflict(const char *bus) {
  return std::unexpected(Failure{"cannot build the guest's devices",
                                 std::string("two devices claim the same address on the ") + bus,
                                 "give each device an address of its own"});
}

}  // namespace

std::expected<Devices, Failure> Devices::build(std::span<const Spec> specs, Nvram nvram,
                                               std::vector<MmioBus::Range> mmio, Environment &environment) {
  Devices devices;
  std::vector<Bus<Vty>::Range> units;
  for (const Spec &spec : specs) {
    devices.kinds_ |= bit(kind(spec));
    if (const auto *vty = std::get_if<VtySpec>(&spec)) {
      devices.terminals_.push_back({*vty, std::make_unique<Vty>()});
      units.push_back({vty->unit, 1, devices.terminals_.back().vty.get()});
    }
    if (const auto *other = std::get_if<NvramSpec>(&spec)) units.push_back({other->unit, 1, nullptr});  // no terminal
  }
  if (!devices.terminals_.empty()) {
    devices.first_ = devices.terminals_.front().vty.get();
    devices.first_unit_ = devices.terminals_.front().spec.unit;
  }
  if (devices.has(Kind::kNvram)) devices.nvram_ = std::move(nvram);
  if (devices.has(Kind::kClock)) devices.clock_.emplace(environment);
  auto unit_bus = Bus<Vty>::build(std::move(units));
  if (!unit_bus) return conflict("virtual I/O bus");
  devices.units_ = std::move(*unit_bus);
  auto mmio_bus = MmioBus::build(std::move(mmio));
  if (!mmio_bus) return conflict("memory bus");
  devices.mmio_ = std::move(*mmio_bus);
  return devices;
}

Vty *Devices::find_terminal(std::uint64_t unit) const {
  const auto hit = units_.find(unit);
  return hit ? hit->handler : nullptr;
}

}  // namespace parley::devices
