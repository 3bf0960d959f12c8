// SPDX-License-Identifier: Apache-2.0
#include "guest_ram.hpp"

#include <cassert>
#include <cerrno>

#include "parley/base/try.hpp"

namespace parley::machine {
namespace {

// A file that is truncated to 0 and extended again contains only zeros.
std::expected<kvm::Mapping, kvm::CallError> map_empty(kvm::Kernel &kernel, int fd, std::uint64_t size) {
  for (const std::uint64_t length : {std::uint64_t{0}, size}) {
    const auto resized = kernel.resize_file(fd, length);
    if (!resized) return std::unexpected(kvm::CallError{"ftruncate of guest memory", resized.error()});
  }
  return kvm::Mapping::shared(kernel, fd, size);
}

}  // namespace

std::expected<GuestRam, kvm::CallError> GuestRam::create(kvm::Kernel &kernel, const guest::MachinePlan &plan,
                                                         const RamFiles &files) {
  GuestRam ram;
  ram.copies_images_ = plan.memory.copies_images;
  for (std::size_t i = 0; i < plan.regions.size(); ++i) {
    const guest::MemoryRegion &region = plan.regions[i];
    ram.mappings_.push_back(files.empty() ? TRY(kvm::Mapping::anonymous(kernel, region.size))
                                          : TRY(map_empty(kernel, files.fd(i), region.size)));
    ram.regions_.push_back({region.at, ram.mappings_.back().bytes()});
  }
  if (!GuestMemory::over(ram.regions_)) return std::unexpected(kvm::CallError{"laying out the guest's memory", EINVAL});
  return ram;
}

GuestMemory GuestRam::memory() const {
  const auto memory = GuestMemory::over(regions_);
  assert(memory && "create() has checked them");
  return *memory;
}

std::expected<void, kvm::CallError> GuestRam::map_into(kvm::Vm &vm) const {
  for (std::uint32_t slot = 0; slot < regions_.size(); ++slot)
    TRY(vm.map_memory(regions_[slot].at, regions_[slot].bytes, slot));
  return {};
}

std::expected<void, kvm::CallError> GuestRam::load(const guest::Segment &segment) {
  GuestMemory all = memory();
  if (!all.contains(segment.at, segment.size))
    return std::unexpected(kvm::CallError{"loading the payload into the guest's memory", EFAULT});
  std::size_t mapped = 0;
  for (std::size_t i = 0; i < regions_.size() && segment.source.fd() >= 0 && !copies_images_; ++i) {
    const std::uint64_t offset = segment.at.value - regions_[i].at.value;
    if (offset >= regions_[i].bytes.size() || segment.length > regions_[i].bytes.size() - offset) continue;
    mapped = TRY(mappings_[i].lay_file(offset, segment.source.fd(), segment.offset, segment.length));
  }
  // Memory above the content is already zero.
  [[maybe_unused]] const bool fits =
      all.write(GuestAddress{segment.at.value + mapped}, segment.content().subspan(mapped));
  assert(fits);
  return {};
}

}  // namespace parley::machine
