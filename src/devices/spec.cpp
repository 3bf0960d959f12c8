// SPDX-License-Identifier: Apache-2.0
#include "parley/devices/spec.hpp"

#include <algorithm>

#include "parley/devices/nvram.hpp"

namespace parley::devices {
namespace {

// The unit address of the first terminal. The other devices on the virtual I/O bus follow (QEMU: SPAPR_VIO_REG_BASE).
constexpr std::uint32_t kFirstUnit = 0x71000000;
constexpr std::uint32_t kEdgeTriggered = 0;

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;  // for clang 16

void add_vty(const VtySpec &spec, fdt::Node &vdevice) {
  fdt::Node &vty = vdevice.add(fdt::node_name("vty", spec.unit));
  vty.set_text("device_type", "serial");
  vty.set_text("compatible", "hvterm1");
  vty.set_cells("reg", {spec.unit});
  vty.set_cells("interrupts", {spec.interrupt, kEdgeTriggered});
}

void add_nvram(const NvramSpec &spec, fdt::Node &vdevice) {
  fdt::Node &nvram = vdevice.add(fdt::node_name("nvram", spec.unit));
  nvram.set_text("device_type", "nvram");
  nvram.set_text("compatible", "parley,nvram");
  nvram.set_cells("reg", {spec.unit});
  nvram.set_cells("#bytes", {Nvram::kSize});
}

void add_random(fdt::Node &root) {
  fdt::Node &facilities = root.add("ibm,platform-facilities");
  facilities.set_text("device_type", "ibm,platform-facilities");
  facilities.set_text("compatible", "ibm,platform-facilities");
  facilities.add("ibm,random-v1").set_text("compatible", "ibm,random");
}

}  // namespace

bool has(const std::vector<Spec> &specs, std::optional<Kind> needed) {
  return !needed || std::ranges::any_of(specs, [&](const Spec &spec) { return kind(spec) == *needed; });
}

std::vector<std::uint32_t> interrupts(const Spec &spec) {
  if (const auto *vty = std::get_if<VtySpec>(&spec)) return {vty->interrupt};
  return {};
}

void add_nodes(const Spec &spec, fdt::Node &root, fdt::Node &vdevice) {
  std::visit(Overloaded{[&](const VtySpec &vty) { add_vty(vty, vdevice); },
                        [&](const NvramSpec &nvram) { add_nvram(nvram, vdevice); },  //
                        [](const ClockSpec &) {}, [&](const RandomSpec &) { add_random(root); }},
             spec);
}

std::string node_path(const VtySpec &vty) { return "/vdevice/" + fdt::node_name("vty", vty.unit); }

std::optional<std::uint32_t> InterruptAllocator::take() {
  if (taken_ == kCount) return std::nullopt;
  return kFirst + taken_++;
}

std::vector<Spec> usual_devices(unsigned terminals, InterruptAllocator &interrupts) {
  std::uint32_t unit = kFirstUnit;
  const auto next_terminal = [&] { return VtySpec{unit++, interrupts.take().value_or(0)}; };
  std::vector<Spec> specs{next_terminal(), NvramSpec{unit++}, ClockSpec{}, RandomSpec{}};
  for (unsigned i = 1; i < terminals; ++i) specs.emplace_back(next_terminal());
  return specs;
}

}  // namespace parley::devices
