// SPDX-License-Identifier: Apache-2.0
#include "parley/papr/open_firmware.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace parley::papr {
namespace {

// A kernel opens a few devices and claims a few ranges. The limits bound the memory that a hostile guest can use up
// here.
constexpr std::size_t kMaxInstances = 64;
constexpr std::size_t kMaxClaims = 256;
constexpr std::uint64_t kAddressLimit = std::uint64_t{1} << 32;
constexpr std::uint32_t kFirstInstance = 0x1000;  // differs from every phandle

constexpr fdt::Phandle kClosed{0};

}  // namespace

OpenFirmware::OpenFirmware(fdt::LiveTree tree, std::uint64_t memory_size, Environment &environment)
    : tree_(std::move(tree)),
      limit_(std::min(memory_size, kAddressLimit)),
      environment_(&environment),
      began_(environment.steady_time()) {
  const auto chosen = tree_.find("/chosen");
  const auto path = chosen ? tree_.property(*chosen, "stdout-path") : std::nullopt;
  if (!path || path->empty()) return;
  console_ = tree_.find({reinterpret_cast<const char *>(path->data()), path->size() - 1});
  if (!console_) return;
  std::array<std::byte, 4> cell;
  store_be(std::span(cell), open(*console_)->value);
  tree_.set_property(*chosen, "stdout", cell);
  tree_.set_property(*chosen, "stdin", cell);
}

std::uint32_t OpenFirmware::milliseconds() const {
  const auto passed = environment_->steady_time() - began_;
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(passed).count());
}

bool OpenFirmware::claim(GuestAddress at, std::uint64_t size) {
  if (size == 0 || at.value >= limit_ || size > limit_ - at.value || claims_.size() == kMaxClaims) return false;
  const Range wanted{at.value, at.value + size};
  const bool taken =
      std::ranges::any_of(claims_, [&](const Range &range) { return wanted.at < range.end && range.at < wanted.end; });
  if (taken) return false;
  claims_.push_back(wanted);
  return true;
}

std::optional<GuestAddress> OpenFirmware::claim_anywhere(std::uint64_t size, std::uint64_t alignment) {
  std::uint64_t top = 0;
  for (const Range &range : claims_) top = std::max(top, range.end);
  const GuestAddress at{(top + alignment - 1) / alignment * alignment};
  return claim(at, size) ? std::optional(at) : std::nullopt;
}

bool OpenFirmware::release(GuestAddress at, std::uint64_t size) {
  return std::erase_if(claims_,
                       [&](const Range &range) { return range.at == at.value && range.end - range.at == size; }) != 0;
}

std::optional<Instance> OpenFirmware::open(fdt::Phandle node) {
  auto slot = std::ranges::find(instances_, kClosed);
  if (slot == instances_.end()) {
    if (instances_.size() == kMaxInstances) return std::nullopt;
    slot = instances_.insert(instances_.end(), kClosed);
  }
  *slot = node;
  return Instance{kFirstInstance + static_cast<std::uint32_t>(slot - instances_.begin())};
}

void OpenFirmware::close(Instance instance) {
  // The first instance is the console. It stays open, because the kernel continues to print to it.
  if (package(instance) && instance.value != kFirstInstance) instances_[instance.value - kFirstInstance] = kClosed;
}

std::optional<fdt::Phandle> OpenFirmware::package(Instance instance) const {
  const std::size_t index = instance.value - kFirstInstance;  // a smaller value wraps, and is too large then
  if (index >= instances_.size() || instances_[index] == kClosed) return std::nullopt;
  return instances_[index];
}

bool OpenFirmware::is_console(Instance instance) const { return console_ && package(instance) == console_; }

}  // namespace parley::papr
