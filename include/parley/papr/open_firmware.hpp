// SPDX-License-Identifier: Apache-2.0
//
// The client interface of Open Firmware (IEEE 1275-1994 chapter 6; LoPAR B.4). A starting kernel uses it to read its
// device tree, print its first lines, reserve memory, and negotiate its level.
//
// The kernel calls an entry in the firmware page, with the address of an argument block in r3. The block consists of
// big-endian 32-bit cells: the address of the service's name, the number of arguments, the number of results, the
// arguments, then the results. A few instructions at the entry turn the call into an hcall (entry_code.hpp). Linux
// makes its last call, "quiesce", once it has copied the tree (arch/powerpc/kernel/prom_init.c).
//
// OpenFirmware is the state behind the services, for one life of a guest:
//
//   tree       live: the guest may set properties, and a negotiation writes the level into it
//   claims     the ranges of memory that are in use: the images of the plan, and the guest's own claims
//   instances  open nodes. The guest refers to a node by phandle, and to an opened node by instance ("ihandle")
//
// All three are bounded, so a hostile guest cannot make them grow without limit.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "parley/fdt/live_tree.hpp"
#include "parley/papr/context.hpp"

namespace parley::papr {

/// The guest's handle of an open node (an ihandle).
using Instance = Strong<struct InstanceTag, std::uint32_t>;

class OpenFirmware {
 public:
  /// Opens the console, and writes its instance into /chosen as "stdout" and "stdin".
  OpenFirmware(fdt::LiveTree tree, std::uint64_t memory_size, Environment &environment);

  fdt::LiveTree &tree() { return tree_; }
  const fdt::LiveTree &tree() const { return tree_; }
  std::uint32_t milliseconds() const;

  /// Marks [at, at + size) as used. False if the range is empty, overlaps a claim, or extends beyond RAM or 4 GiB, and
  /// if there are too many claims.
  bool claim(GuestAddress at, std::uint64_t size);
  /// Claims the lowest aligned place above all claims. `alignment` is not 0.
  std::optional<GuestAddress> claim_anywhere(std::uint64_t size, std::uint64_t alignment);
  /// Removes a claim. False if no claim is exactly this range.
  bool release(GuestAddress at, std::uint64_t size);

  /// None if too many instances are open.
  std::optional<Instance> open(fdt::Phandle node);
  void close(Instance instance);
  std::optional<fdt::Phandle> package(Instance instance) const;
  bool is_console(Instance instance) const;

 private:
  struct Range {
    std::uint64_t at;
    std::uint64_t end;
  };

  fdt::LiveTree tree_;
  std::uint64_t limit_;
  std::vector<Range> claims_;
  std::optional<fdt::Phandle> console_;
  std::vector<fdt::Phandle> instances_;  // 0 for a closed one
  Environment *environment_;
  SteadyTime began_;
};

struct ServiceResults {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  Effect effect = {};
};

struct ClientService {
  std::string_view name;
  /// `arguments` has as many cells as the guest passed.
  ServiceResults (*handle)(Context &, std::span<const std::uint32_t> arguments);
};

std::span<const ClientService> client_services();
/// Performs the call whose argument block is at `block`. An unknown service gets -1 as its result. Returns H_PARAMETER
/// if the block is malformed or not in RAM.
Answer dispatch_service(Context &context, GuestAddress block);

/// The code at the entry of the client interface. It works like rtas_entry_code().
ByteView client_interface_entry_code();

}  // namespace parley::papr
