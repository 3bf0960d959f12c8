// SPDX-License-Identifier: Apache-2.0
//
// The plan of a machine: everything that the guest will find, decided before the first call to the kernel. It is a
// value: it can be compared, and tested on any machine.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/failure.hpp"
#include "parley/compat/negotiate.hpp"
#include "parley/devices/spec.hpp"
#include "parley/fdt/live_tree.hpp"
#include "parley/guest/payload.hpp"

namespace parley::guest {

/// A property of the /rtas node that carries a token.
struct RtasProperty {
  std::string name;  ///< "power-off"
  std::uint32_t token;
  std::optional<devices::Kind> device = std::nullopt;  ///< announced only for a guest with such a device
  friend bool operator==(const RtasProperty &, const RtasProperty &) = default;
};

/// A value of "ibm,hypertas-functions".
struct FunctionSet {
  std::string name;                                    ///< "hcall-term"
  std::optional<devices::Kind> device = std::nullopt;  ///< announced only for a guest with such a device
  friend bool operator==(const FunctionSet &, const FunctionSet &) = default;
};

/// The calls that the PAPR side answers, as the guest's tree announces them.
struct PaprInterface {
  std::vector<RtasProperty> rtas;
  std::vector<FunctionSet> hypertas;
  std::vector<std::uint64_t> enabled_hcalls;  ///< that KVM is told to answer
  Bytes platform_support;                     ///< "ibm,arch-vec-5-platform-support"
  Bytes granted;                              ///< "ibm,architecture-vec-5" of a guest that asks for everything
  friend bool operator==(const PaprInterface &, const PaprInterface &) = default;
};

/// How a guest gets its device tree.
enum class BootKind : std::uint8_t {
  kClientInterface,  ///< it asks an Open Firmware client interface for it, and negotiates its level there
  kFlatTree,         ///< it finds it flattened in memory; nothing is negotiated
};

/// The granularity of guest RAM: the largest base page of a POWER host.
inline constexpr std::uint64_t kPageSize = 64 * 1024;
inline constexpr std::uint64_t kDefaultMemory = 256 * 1024 * 1024;
inline constexpr std::uint64_t kMinMemory = 1024 * 1024;
/// Room for the flattened device tree.
inline constexpr std::uint64_t kTreeRoom = 64 * 1024;
/// Everything that a guest finds at its start lies below: Linux' first code takes no address above for its own
/// (arch/powerpc/kernel/prom_init.c, prom_init_mem).
inline constexpr std::uint64_t kBootLimit = 768 * 1024 * 1024;
inline constexpr unsigned kMaxProcessors = 64;

/// A piece of guest RAM. Address and size in multiples of kPageSize.
struct MemoryRegion {
  GuestAddress at;
  std::uint64_t size = 0;  ///< bytes
  friend bool operator==(const MemoryRegion &, const MemoryRegion &) = default;
};

/// Where guest RAM comes from. Private memory has no descriptor: large pages form by themselves, and parts of files are
/// mapped into it. Shared memory is a file per region that other processes can map; images are copied into it.
struct MemoryBacking {
  bool shared = false;                               ///< a memfd
  bool huge = false;                                 ///< a memfd of huge pages from the host's pool
  std::optional<std::string> folder = std::nullopt;  ///< a file there: on tmpfs, or on hugetlbfs for huge pages
  bool is_shared() const { return shared || huge || folder; }
  friend bool operator==(const MemoryBacking &, const MemoryBacking &) = default;
};

/// What a user asked for.
struct GuestRequest {
  std::uint64_t memory_size = kDefaultMemory;  ///< bytes
  MemoryBacking memory;
  unsigned processors = 1;
  unsigned terminals = 1;  ///< at most devices::kMaxTerminals
  BootKind boot = BootKind::kFlatTree;
  Payload payload;
  std::optional<SharedBytes> initrd;
  std::string command_line;
};

struct MachinePlan {
  std::string host;   ///< the host's level and how it is known, for messages
  std::string legal;  ///< which levels are legal there, for messages
  std::optional<Level> host_level;
  std::uint64_t memory_size = kDefaultMemory;  ///< bytes, of all regions
  std::vector<MemoryRegion> regions;           ///< sorted; the first is at 0 and holds all that a guest starts with
  MemoryBacking memory;
  unsigned processors = 1;  ///< one thread per core; ids count from 0
  BootKind boot = BootKind::kFlatTree;
  compat::Target level;                   ///< to begin with
  std::vector<compat::Target> fallbacks;  ///< in order, for when the kernel refuses `level`
  bool forced = false;                    ///< the policy refused `level`
  bool may_change = false;                ///< another level may be taken when the kernel refuses
  compat::Offer offer;                    ///< what the guest may negotiate
  PhysicalPvr pvr;                        ///< stands in the tree of a raw guest
  std::uint32_t timebase_frequency = 0;   ///< Hz, the host's
  GuestAddress tree_at;                   ///< kTreeRoom bytes, for a flattened tree
  GuestAddress firmware_at;               ///< kPageSize bytes, for the entries of RTAS and of the client interface
  Payload payload;
  std::optional<Segment> initrd;
  std::string command_line;
  std::array<std::uint8_t, 32> rng_seed{};  ///< for the guest's random numbers; another one in each of its lives
  PaprInterface papr;
  std::vector<devices::Spec> devices;
  devices::InterruptAllocator interrupts;  ///< of the devices' sources
  friend bool operator==(const MachinePlan &, const MachinePlan &) = default;
};

/// Lays out the guest's memory: the payload where it wants to be, behind it, after a gap, the initrd; the firmware page
/// and the tree at the end of what a starting guest can reach, as far from what a payload has behind its image as the
/// memory allows.
std::expected<MachinePlan, Failure> plan_machine(GuestRequest request, const compat::Decision &decision,
                                                 const compat::AssessedHost &host, PaprInterface papr);

/// Makes a plan one of `host`, which is the same machine after its level may have changed: what is no longer legal
/// there is taken out of what the guest may have. The plan's own level stays as it is; where that is not legal any
/// more, the error says why.
std::expected<void, compat::Attempt> adapt_to(const compat::AssessedHost &host, MachinePlan &plan);

/// The device tree of a guest with this plan at the level `target`. A flat one says what
/// Parley grants a guest that asks for everything, one that is still to be negotiated says what can be had.
fdt::Node guest_tree(const MachinePlan &plan, compat::Target target);

/// Puts a negotiated level into a tree made by guest_tree().
void set_level(fdt::LiveTree &tree, const MachinePlan &plan, compat::Target target);

/// "256M", "1G", "2T", "65536K"; a bare number counts MiB, as in QEMU.
std::expected<std::uint64_t, Failure> parse_memory_size(std::string_view text);

}  // namespace parley::guest
