// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "parley/base/bytes.hpp"
#include "parley/devices/bus.hpp"

namespace parley::devices {

/// A device with registers in the guest's address space. An access has 1, 2, 4 or 8 bytes, in memory order: for
/// example, the first byte of a PCI register is the least significant one. The accesses to all devices are made one at
/// a time.
class MmioDevice {
 public:
  virtual ~MmioDevice() = default;
  /// `offset` counts from the start of the device's range. The whole access is inside the range.
  virtual void load(std::uint64_t offset, std::span<std::byte> into) = 0;
  virtual void store(std::uint64_t offset, ByteView from) = 0;
};

using MmioBus = Bus<MmioDevice>;

}  // namespace parley::devices
