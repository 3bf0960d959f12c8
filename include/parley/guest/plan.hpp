// SPDX-License-Identifier: Apache-2.0
//
// The plan of a machine: everything that the guest will find, decided before the first call to the kernel. It is a
// value: it can be compared, and tested on any machine.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/failure.hpp"
#include "parley/compat/decide.hpp"
#include "parley/fdt/tree.hpp"
#include "parley/guest/payload.hpp"

namespace parley::guest {

struct RtasProperty {
  std::string name;  ///< "power-off"
  std::uint32_t token;
  friend bool operator==(const RtasProperty &, const RtasProperty &) = default;
};

/// What the PAPR side answers, as the guest's tree must tell it.
struct Services {
  std::vector<RtasProperty> rtas;
  std::vector<std::string> hypertas;  ///< "hcall-term"
  std::uint32_t console_unit = 0;     ///< unit address of the vty
  friend bool operator==(const Services &, const Services &) = default;
};

/// The granularity of guest RAM: the largest base page of a POWER host.
inline constexpr std::uint64_t kPageSize = 64 * 1024;
inline constexpr std::uint64_t kDefaultMemory = 256 * 1024 * 1024;
inline constexpr std::uint64_t kMinMemory = 1024 * 1024;
/// Room for the flattened device tree.
inline constexpr std::uint64_t kTreeRoom = 64 * 1024;

struct MachinePlan {
  std::string host;   ///< the host's level and how it is known, for messages
  std::string legal;  ///< which levels are legal there, for messages
  std::optional<Level> host_level;
  std::uint64_t memory_size = kDefaultMemory;  ///< bytes
  compat::Target level;
  std::vector<compat::Target> fallbacks;  ///< in order, for when the kernel refuses `level`
  bool forced = false;                    ///< the policy refused `level`
  bool may_change = false;                ///< another level may be taken when the kernel refuses
  PhysicalPvr pvr;                        ///< stands in the tree of a raw guest
  std::uint32_t timebase_frequency = 0;   ///< Hz, the host's
  GuestAddress tree_at;                   ///< kTreeRoom bytes
  Payload payload;
  Services services;
  friend bool operator==(const MachinePlan &, const MachinePlan &) = default;
};

/// Lays out the guest's memory: the payload where it wants to be, the tree below the end of RAM.
std::expected<MachinePlan, Failure> plan_machine(std::uint64_t memory_size, const compat::Decision &decision,
                                                 const compat::Host &host, Payload payload, Services services);

/// The device tree of a guest with this plan at the level `target` (the plan's own, or a fallback).
fdt::Node guest_tree(const MachinePlan &plan, compat::Target target);

/// "256M", "1G", "65536K"; a bare number counts MiB, as in QEMU.
std::expected<std::uint64_t, Failure> parse_memory_size(std::string_view text);

}  // namespace parley::guest
