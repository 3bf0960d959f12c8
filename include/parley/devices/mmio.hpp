// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "parley/base/bytes.hpp"
#include "parley/devices/bus.hpp"

namespace parley::devices {

/// A device with registers in the guest's address space. An access has 1, 2, 4 or 8 bytes, in the order in which they
/// lie in memory; a register of PCI is little-endian. The vCPU's loop calls a device for one access at a time.
class MmioDevice {
 public:
  virtual ~MmioDevice() = default;
  /// `offset` counts from the start of the device's range; all of `into` lies inside.
  virtual void load(std::uint64_t offset, std::span<std::byte> into) = 0;
  virtual void store(std::uint64_t offset, ByteView from) = 0;
};

using MmioBus = Bus<MmioDevice>;

}  // namespace parley::devices
