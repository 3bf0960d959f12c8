// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "parley/base/environment.hpp"
#include "parley/base/guest_memory.hpp"
#include "parley/devices/devices.hpp"
#include "parley/papr/answer.hpp"
#include "parley/papr/partition.hpp"

namespace parley::papr {

class OpenFirmware;

/// The resources that a handler may use for a call. Each processor has its own context, because several processors may
/// call at the same time.
struct Context {
  GuestMemory memory;
  devices::Devices &devices;
  Partition &partition;
  Environment &environment;
  std::function<void(const std::string &)> trace;  ///< one line per call; may be empty
  VcpuId caller{};                                 ///< the processor that calls
  OpenFirmware *firmware = nullptr;                ///< nullptr for a guest without a client interface
};

/// Whether a row of the tables of calls (HcallEntry, RtasEntry) is answered here, for this guest. nullptr is no row.
template <typename Entry>
bool is_answered(const Context &context, const Entry *entry) {
  return entry != nullptr && entry->handle != nullptr && context.devices.has(entry->device);
}

}  // namespace parley::papr
