// SPDX-License-Identifier: Apache-2.0
//
// The guest's device tree: a partition's tree as LoPAR appendix B defines it.
//
//   /cpus, /memory@…           one node per processor and per region of RAM
//   /rtas                      the tokens of RTAS calls, and the list of hypercall sets
//   /vdevice                   the virtual I/O bus with its devices; /interrupt-controller is the XICS
//   /chosen                    command line, console, initrd, seed, negotiated options
//
// The level appears in two properties of each cpu node: cpu-version (the logical PVR, or the physical PVR for a raw
// guest), from which a kernel takes its level, and ibm,pa-features. The other cpu properties describe the silicon.
#include <algorithm>
#include <cassert>
#include <iterator>

#include "hash_mmu.hpp"
#include "parley/base/text.hpp"
#include "parley/guest/plan.hpp"

namespace parley::guest {
namespace {

constexpr std::uint32_t kCacheLine = 128;                 // bytes, POWER4 to Power11
constexpr std::uint32_t kCacheSize = 32 * 1024;           // the first-level data cache of POWER9 and POWER10
constexpr std::uint32_t kClockFrequency = 1'000'000'000;  // Hz; informative only
constexpr std::uint32_t kRtasErrorLogMax = 2048;
constexpr std::uint32_t kRtasSize = 4096;
constexpr std::uint32_t kInterruptControllerPhandle = 1;

// LoPAR B.6.2.1, "ibm,pa-features": the number of bytes, type 0, then the bytes. From power8 on, each level adds to the
// one below. The values are those of QEMU's hw/ppc/spapr.c:spapr_dt_pa_features. Byte 40 allows radix.
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

// Power ISA 3.0B Book III 6.7.4.2, page sizes of radix trees: the encoding in the upper three bits, the shift below.
// KVM reports the same four sizes on every host (KVM_PPC_GET_RMMU_INFO).
constexpr std::uint32_t radix_page(std::uint32_t encoding, std::uint32_t shift) { return encoding << 29 | shift; }

Level silicon_of(const MachinePlan &plan) {
  return Level::from_physical(plan.pvr).value_or(plan.level.level().value_or(parley::level("power9")));
}

// A raw guest uses the physical PVR, so it gets the features of the silicon's own level.
Level features_of(const MachinePlan &plan, compat::Target target) { return target.level().value_or(silicon_of(plan)); }

// LoPAR B.6.2.1: a node is a core. The servers of interrupts are its threads; each is also a group of its own.
void add_threads(fdt::Node &cpu, std::uint32_t first, unsigned count) {
  std::vector<std::uint32_t> servers;
  std::vector<std::uint32_t> groups;
  for (std::uint32_t id = first; id < first + count; ++id) {
    servers.push_back(id);
    groups.insert(groups.end(), {id, 0});
  }
  cpu.set_cells("ibm,ppc-interrupt-server#s", servers);
  cpu.set_cells("ibm,ppc-interrupt-gserver#s", groups);
}

void add_cpu(fdt::Node &cpus, const MachinePlan &plan, compat::Target target, std::uint32_t id) {
  // As on real machines, the node is named after the silicon.
  const Level silicon = silicon_of(plan);
  const std::string number(silicon.name().substr(std::string_view("power").size()));
  fdt::Node &cpu = cpus.add(fdt::node_name("PowerPC,POWER" + number, id));
  cpu.set_text("device_type", "cpu");
  cpu.set_text("status", "okay");
  cpu.set_cells("reg", {id});
  cpu.set_cells("cpu-version", {target.pvr_shown(plan.pvr)});
  add_threads(cpu, id, plan.threads);
  cpu.set_cells("timebase-frequency", {plan.timebase_frequency});
  cpu.set_cells("clock-frequency", {kClockFrequency});
  for (const char *line : {"d-cache-block-size", "d-cache-line-size", "i-cache-block-size", "i-cache-line-size"})
    cpu.set_cells(line, {kCacheLine});
  cpu.set_cells("d-cache-size", {kCacheSize});
  cpu.set_cells("i-cache-size", {silicon < parley::level("power10") ? kCacheSize : kCacheSize * 3 / 2});
  cpu.set_empty("64-bit");
  cpu.set_cells("ibm,vmx", {2});
  cpu.set_cells("ibm,dfp", {1});
  cpu.set_cells("ibm,purr", {1});
  cpu.set_cells("ibm,spurr", {1});
  cpu.set("ibm,pa-features", pa_features(features_of(plan, target)));
  if (silicon.info().mmu == Mmu::kHashOrRadix) {
    cpu.set_cells("ibm,processor-radix-AP-encodings",
                  {radix_page(0, 12), radix_page(5, 16), radix_page(1, 21), radix_page(2, 30)});
    // Byte 0, bit 4: directed messages between threads are slow here. Linux then sends its IPIs through the XICS
    // (hw/ppc/spapr.c:spapr_dt_pi_features).
    cpu.set("ibm,pi-features", {std::byte{1}, std::byte{0}, std::byte{0x08}});
  }
  if (plan.hash) add_hash_mmu(cpu, *plan.hash);
}

void add_cpus(fdt::Node &root, const MachinePlan &plan, compat::Target target) {
  fdt::Node &cpus = root.add("cpus");
  cpus.set_cells("#address-cells", {1});
  cpus.set_cells("#size-cells", {0});
  for (std::uint32_t id = 0; id < plan.processors; id += plan.threads) add_cpu(cpus, plan, target, id);
}

std::vector<std::uint32_t> two_cells(std::uint64_t value) {
  return {static_cast<std::uint32_t>(value >> 32), static_cast<std::uint32_t>(value)};
}

void add_memory_node(fdt::Node &root, std::uint64_t at, std::uint64_t size) {
  fdt::Node &memory = root.add(fdt::node_name("memory", at));
  memory.set_text("device_type", "memory");
  auto reg = two_cells(at);
  std::ranges::copy(two_cells(size), std::back_inserter(reg));
  memory.set_cells("reg", reg);
}

// Linux makes its first allocations in the node at 0, which is the memory that a guest reaches in real mode.
void add_memory(fdt::Node &root, const MachinePlan &plan) {
  for (const MemoryRegion &region : plan.regions) {
    const bool first = region.at.value == 0;
    const std::uint64_t node = first && plan.hash ? std::min(region.size, plan.hash->real_size) : region.size;
    add_memory_node(root, region.at.value, node);
    if (node != region.size) add_memory_node(root, region.at.value + node, region.size - node);
  }
}

void add_rtas(fdt::Node &root, const MachinePlan &plan, compat::Translation mmu) {
  fdt::Node &rtas = root.add("rtas");
  rtas.set_texts("ibm,hypertas-functions", announced_functions(plan, mmu));
  rtas.set_cells("rtas-size", {kRtasSize});
  rtas.set_cells("rtas-error-log-max", {kRtasErrorLogMax});
  // LoPAR 7.3.9.1: this property promises that ibm,os-term returns. Without it, Linux does not make the call.
  rtas.set_empty("ibm,extended-os-term");
  for (const RtasProperty &property : plan.papr.rtas)
    if (devices::has(plan.devices, property.device)) rtas.set_cells(property.name, {property.token});
  if (plan.boot == BootKind::kFlatTree) {
    // A kernel that boots through the client interface adds these itself (prom_instantiate_rtas).
    const auto entry = static_cast<std::uint32_t>(plan.firmware_at.value);
    rtas.set_cells("linux,rtas-base", {entry});
    rtas.set_cells("linux,rtas-entry", {entry});
  }
}

// LoPAR B.6.10: the presentation layer, which delivers the interrupts of all processors.
void add_interrupts(fdt::Node &root, const MachinePlan &plan) {
  fdt::Node &xics = root.add("interrupt-controller");
  xics.set_text("device_type", "PowerPC-External-Interrupt-Presentation");
  xics.set_text("compatible", "IBM,ppc-xicp");
  xics.set_empty("interrupt-controller");
  xics.set_cells("#address-cells", {0});
  xics.set_cells("#interrupt-cells", {2});
  xics.set_cells("ibm,interrupt-server-ranges", {0, plan.processors});
  xics.set_cells("phandle", {kInterruptControllerPhandle});
}

// LoPAR B.6.4: the virtual I/O bus. Each device adds its own nodes, below the bus or below the root.
void add_devices(fdt::Node &root, const MachinePlan &plan) {
  fdt::Node vdevice;
  vdevice.name = "vdevice";
  vdevice.set_text("device_type", "vdevice");
  vdevice.set_text("compatible", "IBM,vdevice");
  vdevice.set_cells("#address-cells", {1});
  vdevice.set_cells("#size-cells", {0});
  vdevice.set_cells("#interrupt-cells", {2});
  vdevice.set_cells("interrupt-parent", {kInterruptControllerPhandle});
  fdt::Node below_root;
  for (const devices::Spec &spec : plan.devices) devices::add_nodes(spec, below_root, vdevice);
  root.children.push_back(std::move(vdevice));
  std::ranges::move(below_root.children, std::back_inserter(root.children));
}

// The guest's console is the first terminal of the list.
void add_console(fdt::Node &chosen, const MachinePlan &plan) {
  for (const devices::Spec &spec : plan.devices) {
    const auto *vty = std::get_if<devices::VtySpec>(&spec);
    if (vty == nullptr) continue;
    chosen.set_text("stdout-path", devices::node_path(*vty));
    chosen.set_text("linux,stdout-path", devices::node_path(*vty));
    return;
  }
}

void add_chosen(fdt::Node &root, const MachinePlan &plan, compat::Translation mmu) {
  const bool hash = mmu == compat::Translation::kHash;
  fdt::Node &chosen = root.add("chosen");
  chosen.set_text("bootargs", plan.command_line);
  add_console(chosen, plan);
  const auto seed = std::as_bytes(std::span(plan.rng_seed));
  chosen.set("rng-seed", Bytes(seed.begin(), seed.end()));
  if (plan.boot == BootKind::kFlatTree) {
    chosen.set("ibm,architecture-vec-5", hash ? plan.papr.hash_granted : plan.papr.granted);
    if (plan.initrd) {
      chosen.set_cells("linux,initrd-start", two_cells(plan.initrd->at.value));
      chosen.set_cells("linux,initrd-end", two_cells(plan.initrd->end()));
    }
    return;
  }
  chosen.set("ibm,arch-vec-5-platform-support", hash ? plan.papr.hash_support : plan.papr.platform_support);
}

}  // namespace

fdt::Node guest_tree(const MachinePlan &plan, compat::Target target) {
  const compat::Translation mmu = compat::first_translation(plan.papr.platform, target);
  fdt::Node root;
  root.set_text("device_type", "chrp");
  root.set_text("model", "Parley PAPR guest");
  root.set_texts("compatible", {"parley,pseries", "qemu,pseries"});  // some guest libraries know only the second name
  root.set_cells("#address-cells", {2});
  root.set_cells("#size-cells", {2});
  add_cpus(root, plan, target);
  add_memory(root, plan);
  add_rtas(root, plan, mmu);
  add_interrupts(root, plan);
  add_devices(root, plan);
  root.add("hypervisor").set_text("compatible", "linux,kvm");
  add_chosen(root, plan, mmu);
  return root;
}

void set_level(fdt::LiveTree &tree, const MachinePlan &plan, compat::Target target) {
  std::array<std::byte, 4> version;
  store_be(std::span(version), target.pvr_shown(plan.pvr));
  const Bytes features = pa_features(features_of(plan, target));
  auto cpu = tree.first_child(*tree.find("/cpus"));
  for (; cpu; cpu = tree.next_sibling(*cpu)) {
    // The new values may be a little longer than the old ones. The tree has reserved room for that.
    [[maybe_unused]] const bool set =
        tree.set_property(*cpu, "cpu-version", version) && tree.set_property(*cpu, "ibm,pa-features", features);
    assert(set);
  }
}

}  // namespace parley::guest
