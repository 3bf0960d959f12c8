// SPDX-License-Identifier: Apache-2.0
//
// The plan of a machine: everything that the guest will find, decided before the first call to the kernel. It is a
// plain value, so it can be compared, and tested on any machine. The guest's device tree is a function of the plan.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/failure.hpp"
#include "parley/compat/mmu.hpp"
#include "parley/compat/negotiate.hpp"
#include "parley/devices/spec.hpp"
#include "parley/fdt/live_tree.hpp"
#include "parley/guest/memory.hpp"
#include "parley/guest/papr_interface.hpp"
#include "parley/guest/payload.hpp"

namespace parley::guest {

/// The way in which a guest gets its device tree.
enum class BootKind : std::uint8_t {
  kClientInterface,  ///< through the client interface of Open Firmware, where it also negotiates its level
  kFlatTree,         ///< flattened in memory; it negotiates nothing
};

/// The granularity of guest RAM: the largest base page of a POWER host.
inline constexpr std::uint64_t kPageSize = 64 * 1024;
inline constexpr std::uint64_t kDefaultMemory = 256 * 1024 * 1024;
inline constexpr std::uint64_t kMinMemory = 1024 * 1024;
/// Room for the flattened device tree.
inline constexpr std::uint64_t kTreeRoom = 64 * 1024;
/// Everything in memory at the start of a guest must be below this address, because Linux' boot code uses no memory
/// above it (arch/powerpc/kernel/prom_init.c, prom_init_mem).
inline constexpr std::uint64_t kBootLimit = 768 * 1024 * 1024;
inline constexpr unsigned kMaxProcessors = 64;
/// Of a core, from POWER8 on.
inline constexpr unsigned kMaxThreads = 8;

/// The hash MMU of a guest that may have it.
struct HashPlan {
  std::uint32_t table_order = 0;  ///< the table has 2^table_order bytes
  std::uint64_t real_size = 0;    ///< bytes of memory, from 0 up, that the guest reaches in real mode
  host::HashMmu mmu;              ///< with the pages that the guest's memory allows
  friend bool operator==(const HashPlan &, const HashPlan &) = default;
};

/// The user's request.
struct GuestRequest {
  std::uint64_t memory_size = kDefaultMemory;  ///< bytes
  MemoryBacking memory;
  unsigned processors = 1;  ///< threads in all cores
  unsigned threads = 1;     ///< of each core: 1, 2, 4 or 8, a divisor of `processors`
  bool nested = false;      ///< the guest may run guests of its own
  unsigned terminals = 1;   ///< at most devices::kMaxTerminals
  BootKind boot = BootKind::kFlatTree;
  Payload payload;
  std::optional<SharedBytes> initrd;
  std::string command_line;
};

struct MachinePlan {
  std::string host;   ///< the host's level and its source, for messages
  std::string legal;  ///< the legal levels on that host, for messages
  std::optional<Level> host_level;
  std::uint64_t memory_size = kDefaultMemory;  ///< bytes, of all regions
  std::vector<MemoryRegion> regions;           ///< sorted; the first is at 0 and holds all that a guest starts with
  MemoryBacking memory;
  unsigned processors = 1;  ///< threads; ids count from 0, and those of a core are consecutive
  unsigned threads = 1;     ///< of each core
  bool nested = false;      ///< the guest may run guests of its own
  BootKind boot = BootKind::kFlatTree;
  compat::Target level;                   ///< the first one to try
  std::vector<compat::Target> fallbacks;  ///< tried in this order if the kernel refuses `level`
  bool forced = false;                    ///< the user insists on `level` against the policy
  bool may_change = false;                ///< the user allows another level if the kernel refuses one
  compat::Offer offer;                    ///< the levels that the guest may negotiate
  PhysicalPvr pvr;                        ///< the cpu-version in the tree of a raw guest
  std::uint32_t timebase_frequency = 0;   ///< Hz, the host's
  GuestAddress tree_at;                   ///< kTreeRoom bytes, for a flattened tree
  GuestAddress firmware_at;               ///< kPageSize bytes, for the entry points of RTAS and of the client interface
  Payload payload;
  std::optional<Segment> initrd;
  std::string command_line;
  std::array<std::uint8_t, 32> rng_seed{};  ///< seed of the guest's random numbers; a new one for each boot
  PaprInterface papr;
  std::optional<HashPlan> hash;  ///< if papr.platform offers it
  std::vector<devices::Spec> devices;
  devices::InterruptAllocator interrupts;  ///< the interrupt sources that the devices use
  friend bool operator==(const MachinePlan &, const MachinePlan &) = default;
};

/// Makes the plan, and lays out the guest's memory. It is an error if the images do not fit into the memory, or if the
/// command line does not fit into the tree.
std::expected<MachinePlan, Failure> plan_machine(GuestRequest request, const compat::Decision &decision,
                                                 const compat::AssessedHost &host, PaprInterface papr);

/// Adapts a plan to `host`, the same machine with a level that may have changed. Removes the fallbacks and offered
/// levels that are no longer legal. Keeps the plan's own level; if it is no longer legal, the error gives the reason.
std::expected<void, compat::Attempt> adapt_to(const compat::AssessedHost &host, MachinePlan &plan);

/// The device tree of a guest with this plan at the level `target`. For a flat tree, /chosen has the option vector 5
/// that the guest is granted. For the client interface, it has the options that the guest may negotiate.
fdt::Node guest_tree(const MachinePlan &plan, compat::Target target);

/// Puts a negotiated level into a tree made by guest_tree().
void set_level(fdt::LiveTree &tree, const MachinePlan &plan, compat::Target target);
/// Announces the hypercalls of the MMU that the guest chose.
void set_mmu(fdt::LiveTree &tree, const MachinePlan &plan, compat::Translation mmu);

/// Parses "256M", "1G", "2T" or "65536K". A number without a unit counts MiB, as in QEMU.
std::expected<std::uint64_t, Failure> parse_memory_size(std::string_view text);

}  // namespace parley::guest
