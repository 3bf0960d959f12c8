// SPDX-License-Identifier: Apache-2.0
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "parley/base/file.hpp"
#include "parley/base/text.hpp"
#include "parley/host/facts.hpp"

namespace parley::host {
namespace {

constexpr std::size_t kMaxCpuinfoSize = 16 * 1024 * 1024;

// The kernel offers the same tree in both places; a container may have only one of them.
constexpr const char *kTreePlaces[] = {"/proc/device-tree", "/sys/firmware/devicetree/base"};

std::optional<std::string> auxv_text(unsigned long type) {
  const auto address = getauxval(type);
  if (address == 0) return std::nullopt;
  return reinterpret_cast<const char *>(address);
}

TreeFacts live_tree() {
  TreeFacts unreadable;
  for (const char *place : kTreePlaces) {
    auto facts = load_tree_facts(place);
    if (facts) return std::move(*facts);
    if (unreadable.problem.empty()) {
      unreadable.origin = place;
      unreadable.problem = facts.error().where + ": " + facts.error().problem;
    }
  }
  return unreadable;
}

}  // namespace

void parse_cpuinfo(std::string_view text, SystemFacts &system) {
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto key = trim(line.substr(0, colon));
    const auto value = trim(line.substr(colon + 1));
    if (key == "cpu" && !system.cpuinfo_cpu) system.cpuinfo_cpu = std::string(value);
    if (key == "revision" && !system.cpuinfo_pvr) {
      // "revision : 2.0 (pvr 0080 0200)", arch/powerpc/kernel/setup-common.c:show_cpuinfo
      unsigned family = 0;
      unsigned revision = 0;
      const std::string owned(value);
      const auto at = owned.find("(pvr ");
      if (at != std::string::npos && std::sscanf(owned.c_str() + at, "(pvr %4x %4x)", &family, &revision) == 2) {
        system.cpuinfo_pvr = PhysicalPvr{family << 16 | revision};
      }
    }
  }
}

bool is_power(const SystemFacts &system) { return system.machine.starts_with("ppc64"); }

Facts read_live_facts() {
  Facts facts;
  utsname name{};
  uname(&name);
  facts.system.machine = name.machine;
  facts.system.kernel_release = name.release;
  facts.system.page_size = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  // Elsewhere auxv and cpuinfo speak of another architecture, and a device tree of another kind of machine.
  if (!is_power(facts.system)) {
    facts.tree.problem = "not a POWER machine";
    return facts;
  }
  facts.system.platform = auxv_text(AT_PLATFORM);
  facts.system.base_platform = auxv_text(AT_BASE_PLATFORM);
  if (const auto bits = getauxval(AT_HWCAP2)) facts.system.hwcap2 = bits;
  if (const auto cpuinfo = read_text("/proc/cpuinfo", kMaxCpuinfoSize)) parse_cpuinfo(*cpuinfo, facts.system);
  facts.tree = live_tree();
  return facts;
}

}  // namespace parley::host
