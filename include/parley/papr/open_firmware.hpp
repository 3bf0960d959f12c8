// SPDX-License-Identifier: Apache-2.0
//
// The client interface of Open Firmware (IEEE 1275-1994 chapter 6; LoPAR B.4), by which a starting kernel asks for its
// device tree, prints its first lines, reserves memory, and negotiates its level.
//
// The kernel calls an entry in the firmware page with the address of an argument block in r3: big-endian 32-bit cells,
// the service's name (an address), the number of arguments, the number of results, the arguments, then the results. A
// few instructions there turn that into an hcall. After "quiesce" the kernel has its tree and comes no more.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "parley/fdt/live_tree.hpp"
#include "parley/papr/context.hpp"

namespace parley::papr {

/// An open device, as the guest names it.
using Instance = Strong<struct InstanceTag, std::uint32_t>;

class OpenFirmware {
 public:
  /// Opens the console; its instance is /chosen's "stdout" and "stdin".
  OpenFirmware(fdt::LiveTree tree, std::uint64_t memory_size, Environment &environment);

  fdt::LiveTree &tree() { return tree_; }
  const fdt::LiveTree &tree() const { return tree_; }
  std::uint32_t milliseconds() const;

  /// Memory that is taken: [at, at + size). False where it is taken already, lies outside of RAM or above 4 GiB,
  /// is empty, or is one too many.
  bool claim(GuestAddress at, std::uint64_t size);
  /// The lowest free place above all that is taken. `alignment` is not 0.
  std::optional<GuestAddress> claim_anywhere(std::uint64_t size, std::uint64_t alignment);
  bool release(GuestAddress at, std::uint64_t size);

  /// Nothing where too many are open.
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
  std::vector<fdt::Phandle> instances_;  // those that are closed hold 0
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
  /// `arguments` are the block's, as many as the guest gave.
  ServiceResults (*handle)(Context &, std::span<const std::uint32_t> arguments);
};

std::span<const ClientService> client_services();
/// Performs the call whose argument block is at `block`; an unknown one is answered with -1. H_PARAMETER when the block
/// does not lie in RAM or is malformed.
Answer dispatch_service(Context &context, GuestAddress block);

/// The code at the entry; as rtas_entry_code().
ByteView client_interface_entry_code();

}  // namespace parley::papr
