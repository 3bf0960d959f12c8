// SPDX-License-Identifier: Apache-2.0
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <charconv>

#include "parley/base/failure.hpp"
#include "parley/base/file.hpp"
#include "parley/base/text.hpp"
#include "parley/host/facts.hpp"

namespace parley::host {
namespace {

constexpr std::size_t kMaxCpuinfoSize = 16 * 1024 * 1024;

// Both paths show the same tree. A container may have only one of them.
constexpr const char *kTreePlaces[] = {"/proc/device-tree", "/sys/firmware/devicetree/base"};

std::optional<std::string> auxv_text(unsigned long type) {
  const auto address = getauxval(type);
  if (address == 0) return std::nullopt;
  return reinterpret_cast<const char *>(address);
}

// "2.0 (pvr 0080 0200)", arch/powerpc/kernel/setup-common.c:show_cpuinfo
std::optional<PhysicalPvr> pvr_in(std::string_view revision) {
  constexpr std::string_view kBefore = "(pvr ";
  const auto at = revision.find(kBefore);
  if (at == std::string_view::npos) return std::nullopt;
  const char *end = revision.data() + revision.size();
  std::uint16_t high = 0;
  std::uint16_t low = 0;
  const auto first = std::from_chars(revision.data() + at + kBefore.size(), end, high, 16);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ' ') return std::nullopt;
  if (std::from_chars(first.ptr + 1, end, low, 16).ec != std::errc{}) return std::nullopt;
  return PhysicalPvr{std::uint32_t{high} << 16 | low};
}

TreeFacts live_tree() {
  TreeFacts unreadable;
  for (const char *place : kTreePlaces) {
    auto facts = load_tree_folder(place);
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
      system.cpuinfo_pvr = pvr_in(value);
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
  // On other architectures auxv and cpuinfo have another meaning, and a device tree describes another kind of machine.
  if (!is_power(facts.system)) {
    facts.tree.problem = "not a POWER machine";
    return facts;
  }
  facts.system.platform = auxv_text(AT_PLATFORM);
  facts.system.base_platform = auxv_text(AT_BASE_PLATFORM);
  if (const auto bits = getauxval(AT_HWCAP2)) facts.system.hwcap2 = bits;
  if (const auto cpuinfo = read_text("/proc/cpuinfo", kMaxCpuinfoSize)) {
    parse_cpuinfo(*cpuinfo, facts.system);
  } else {
    facts.system.cpuinfo_problem = errno_text(cpuinfo.error().error);
  }
  facts.tree = live_tree();
  return facts;
}

}  // namespace parley::host
