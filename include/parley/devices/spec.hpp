// SPDX-License-Identifier: Apache-2.0
//
// Devices as data.
//
// The plan of a machine has a list of specifications, one value for each device, with its address on the virtual I/O
// bus and its interrupt source. Three things are derived from a specification: the device's nodes in the guest's tree,
// the announcement of its hypercalls and RTAS calls, and the device itself (devices::Devices). To add a kind of device,
// add an alternative to Spec and to Kind. The compiler reports a missing node (add_nodes() visits all alternatives);
// the calls are rows of the papr layer's tables, and Devices::build() makes the device.
//
// Addresses: each device below /vdevice has a unit address, its "reg" (LoPAR 16.2). Interrupts: source numbers of the
// XICS (LoPAR chapter 6). InterruptAllocator assigns them, so two devices never share one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "parley/fdt/tree.hpp"

namespace parley::devices {

/// A virtual terminal (LoPAR 16.6): vty@UNIT, driven by H_PUT_TERM_CHAR and H_GET_TERM_CHAR.
struct VtySpec {
  std::uint32_t unit = 0;
  std::uint32_t interrupt = 0;  ///< edge-triggered, raised by input
  friend bool operator==(const VtySpec &, const VtySpec &) = default;
};
/// Non-volatile memory, accessed by RTAS nvram-fetch and nvram-store (LoPAR 7.3.1).
struct NvramSpec {
  std::uint32_t unit = 0;
  friend bool operator==(const NvramSpec &, const NvramSpec &) = default;
};
/// The time of day, accessed by RTAS get-time-of-day and set-time-of-day (LoPAR 7.3.2). It has no node.
struct ClockSpec {
  friend bool operator==(const ClockSpec &, const ClockSpec &) = default;
};
/// Random numbers: ibm,random-v1 below /ibm,platform-facilities, read with H_RANDOM (LoPAR 14.14.1).
struct RandomSpec {
  friend bool operator==(const RandomSpec &, const RandomSpec &) = default;
};

using Spec = std::variant<VtySpec, NvramSpec, ClockSpec, RandomSpec>;

/// The alternatives of Spec, in the same order. A row of the papr layer's tables names the kind of device that it
/// needs.
enum class Kind : std::uint8_t { kVty, kNvram, kClock, kRandom };

static_assert(std::variant_size_v<Spec> == static_cast<std::size_t>(Kind::kRandom) + 1);

inline Kind kind(const Spec &spec) { return static_cast<Kind>(spec.index()); }
/// True also where no kind is needed.
bool has(const std::vector<Spec> &specs, std::optional<Kind> needed);

/// The interrupt sources of a device. Most devices have none.
std::vector<std::uint32_t> interrupts(const Spec &spec);

/// Adds the device's nodes to the guest's tree, below `root` or below `vdevice`, the node of the virtual I/O bus.
void add_nodes(const Spec &spec, fdt::Node &root, fdt::Node &vdevice);
/// The path of a terminal's node: "/vdevice/vty@71000000".
std::string node_path(const VtySpec &vty);

/// Assigns the interrupt sources of the virtual I/O bus: 256 of them from 0x1100 on, as in QEMU's pseries machine
/// (SPAPR_IRQ_VIO). The XICS accepts numbers from 16 on (Documentation/virt/kvm/devices/xics.rst).
class InterruptAllocator {
 public:
  static constexpr std::uint32_t kFirst = 0x1100;
  static constexpr std::uint32_t kCount = 256;

  /// Returns the next source, or none if all are used.
  std::optional<std::uint32_t> take();
  friend bool operator==(const InterruptAllocator &, const InterruptAllocator &) = default;

 private:
  std::uint32_t taken_ = 0;
};

/// The maximum number of terminals: Linux' hvc driver supports 16 (drivers/tty/hvc, MAX_NR_HVC_CONSOLES).
inline constexpr unsigned kMaxTerminals = 16;

/// The default devices of a guest with 1 to kMaxTerminals terminals. The first terminal and the NVRAM have the lowest
/// addresses, so their addresses do not depend on the number of terminals.
std::vector<Spec> usual_devices(unsigned terminals, InterruptAllocator &interrupts);

}  // namespace parley::devices
