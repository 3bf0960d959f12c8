// SPDX-License-Identifier: Apache-2.0
#include "layout.hpp"

#include <cerrno>

#include "parley/base/try.hpp"
#include "parley/papr/open_firmware.hpp"
#include "parley/papr/rtas.hpp"

namespace parley::machine {
namespace {

// What follows the content is zero: the memory is fresh.
std::expected<void, kvm::CallError> lay(kvm::Mapping &ram, const guest::Segment &segment) {
  GuestMemory memory(ram.bytes());
  if (!memory.contains(segment.at, segment.size))
    return std::unexpected(kvm::CallError{"loading the payload into the guest's memory", EFAULT});
  std::size_t laid = 0;
  if (segment.source.fd() >= 0)
    laid = TRY(ram.lay_file(segment.at.value, segment.source.fd(), segment.offset, segment.length));
  [[maybe_unused]] const bool fits =
      memory.write(GuestAddress{segment.at.value + laid}, segment.content().subspan(laid));
  return {};
}

}  // namespace

std::expected<void, kvm::CallError> load(kvm::Mapping &ram, const guest::MachinePlan &plan) {
  for (const guest::Segment &segment : plan.payload.segments) TRY(lay(ram, segment));
  if (plan.initrd) TRY(lay(ram, *plan.initrd));
  GuestMemory memory(ram.bytes());
  const bool entries =
      memory.write(plan.firmware_at, papr::rtas_entry_code()) &&
      memory.write(GuestAddress{plan.firmware_at.value + kClientInterfaceEntry}, papr::client_interface_entry_code());
  if (!entries) return std::unexpected(kvm::CallError{"loading the firmware page into the guest's memory", EFAULT});
  return {};
}

Bytes flat_tree(const guest::MachinePlan &plan, compat::Target level) {
  // A kernel reserves what its tree says of the initrd, and itself; RTAS it has to be told of.
  std::vector<fdt::Reservation> reservations{{plan.firmware_at.value, guest::kPageSize}};
  if (plan.initrd) reservations.push_back({plan.initrd->at.value, plan.initrd->size});
  return fdt::to_blob(guest::guest_tree(plan, level), reservations);
}

bool write_flat_tree(GuestMemory memory, const guest::MachinePlan &plan, compat::Target level) {
  const Bytes tree = flat_tree(plan, level);
  return tree.size() <= guest::kTreeRoom && memory.write(plan.tree_at, tree);
}

}  // namespace parley::machine
