// SPDX-License-Identifier: Apache-2.0
//
// The device tree of the guest, as LoPAR appendix B lays it out for a partition. The level appears once, in the cpu
// nodes' cpu-version; that is where a guest's kernel takes it from.
#include "parley/base/text.hpp"
#include "parley/guest/plan.hpp"

namespace parley::guest {
namespace {

constexpr std::uint32_t kCacheLine = 128;  // bytes, POWER4 to Power11
constexpr std::uint32_t kRtasErrorLogMax = 2048;

// LoPAR B.6.2.1, "ibm,pa-features": number of bytes, type 0, then the bytes. Each level's set adds to the one before;
// the numbers are those of QEMU's hw/ppc/spapr.c:spapr_dt_pa_features. Byte 40 says that the guest may use radix.
Bytes pa_features(Level level) {
  constexpr std::size_t kIsa206 = 6;
  constexpr std::size_t kIsa207 = 24;
  constexpr std::size_t kIsa300 = 66;
  constexpr std::size_t kIsa31 = 74;
  constexpr std::uint8_t kBase[] = {0xf6, 0x1f, 0xc7, 0xc0, 0x00, 0xf0, 0x80};
  if (level < parley::level("power8")) {
    constexpr std::uint8_t kFeatures[] = {kIsa206, 0, 0xf6, 0x1f, 0xc7, 0x00, 0x00, 0xc0};
    const auto bytes = std::as_bytes(std::span(kFeatures));
    return {bytes.begin(), bytes.end()};
  }
  const bool isa300 = level >= parley::level("power9");
  const bool isa31 = level >= parley::level("power10");
  const std::size_t size = isa31 ? kIsa31 : isa300 ? kIsa300 : kIsa207;
  Bytes features(size + 2);
  features[0] = static_cast<std::byte>(size);
  const auto set = [&](std::size_t byte, std::uint8_t value) { features[byte + 2] = static_cast<std::byte>(value); };
  for (std::size_t i = 0; i < std::size(kBase); ++i) set(i, kBase[i]);
  for (const std::size_t byte : {16u, 18u, 20u}) set(byte, 0x80);
  if (isa300) {
    for (const std::size_t byte : {24u, 26u, 28u, 32u, 40u, 42u, 44u, 46u, 48u, 50u, 52u, 54u, 56u, 58u, 60u, 62u})
      set(byte, 0x80);
    set(34, 0xc0);
  }
  if (isa31) {
    set(68, 0xce);
    set(72, 0x80);
  }
  return features;
}

void add_cpus(fdt::Node &root, const MachinePlan &plan, compat::Target target) {
  fdt::Node &cpus = root.add("cpus");
  cpus.set_cells("#address-cells", {1});
  cpus.set_cells("#size-cells", {0});
  // A raw guest goes by the physical PVR; its features are those of the silicon's own level.
  const Level features = target.level().value_or(Level::from_physical(plan.pvr).value_or(parley::level("power9")));
  const std::string number(features.name().substr(std::string_view("power").size()));
  fdt::Node &cpu = cpus.add("PowerPC,POWER" + number + "@0");
  cpu.set_text("device_type", "cpu");
  cpu.set_text("status", "okay");
  cpu.set_cells("reg", {0});
  cpu.set_cells("cpu-version", {target.is_raw() ? plan.pvr.value : target.pvr.value});
  cpu.set_cells("ibm,ppc-interrupt-server#s", {0});
  cpu.set_cells("ibm,ppc-interrupt-gserver#s", {0, 0});
  cpu.set_cells("timebase-frequency", {plan.timebase_frequency});
  cpu.set_cells("d-cache-block-size", {kCacheLine});
  cpu.set_cells("i-cache-block-size", {kCacheLine});
  cpu.set_empty("64-bit");
  cpu.set_cells("ibm,vmx", {2});
  cpu.set("ibm,pa-features", pa_features(features));
}

void add_memory(fdt::Node &root, const MachinePlan &plan) {
  fdt::Node &memory = root.add("memory@0");
  memory.set_text("device_type", "memory");
  memory.set_cells(
      "reg", {0, 0, static_cast<std::uint32_t>(plan.memory_size >> 32), static_cast<std::uint32_t>(plan.memory_size)});
}

void add_rtas(fdt::Node &root, const Services &services) {
  fdt::Node &rtas = root.add("rtas");
  Bytes hypertas;
  for (const std::string &name : services.hypertas) {
    for (const char c : name) hypertas.push_back(static_cast<std::byte>(c));
    hypertas.push_back(std::byte{0});
  }
  rtas.set("ibm,hypertas-functions", std::move(hypertas));
  rtas.set_cells("rtas-error-log-max", {kRtasErrorLogMax});
  for (const RtasProperty &property : services.rtas) rtas.set_cells(property.name, {property.token});
}

void add_console(fdt::Node &root, std::uint32_t unit) {
  const std::string name = "vty@" + hex32(unit).substr(2);
  fdt::Node &vdevice = root.add("vdevice");
  vdevice.set_text("device_type", "vdevice");
  vdevice.set_text("compatible", "IBM,vdevice");
  vdevice.set_cells("#address-cells", {1});
  vdevice.set_cells("#size-cells", {0});
  fdt::Node &vty = vdevice.add(name);
  vty.set_text("device_type", "serial");
  vty.set_text("compatible", "hvterm1");
  vty.set_cells("reg", {unit});
  fdt::Node &chosen = root.add("chosen");
  chosen.set_text("stdout-path", "/vdevice/" + name);
  chosen.set_text("linux,stdout-path", "/vdevice/" + name);
}

}  // namespace

fdt::Node guest_tree(const MachinePlan &plan, compat::Target target) {
  fdt::Node root;
  root.set_text("device_type", "chrp");
  root.set_text("model", "Parley PAPR guest");
  root.set_text("compatible", "parley,pseries");
  root.set_cells("#address-cells", {2});
  root.set_cells("#size-cells", {2});
  add_cpus(root, plan, target);
  add_memory(root, plan);
  add_rtas(root, plan.services);
  add_console(root, plan.services.console_unit);
  return root;
}

}  // namespace parley::guest
