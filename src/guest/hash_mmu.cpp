// SPDX-License-Identifier: Apache-2.0
#include "hash_mmu.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

namespace parley::guest {

// As in QEMU, the table has 1/128 of the size of the RAM (hw/ppc/spapr.c, spapr_hpt_shift_for_ramsize). KVM maps real
// mode with one page for each group of 128 bytes in the table, at least 4 KiB each (book3s_64_mmu_hv.c,
// kvmppc_map_vrma), and a kernel boots in real mode: so the table is large enough for all RAM, or for 1 GiB, which is
// more than kBootLimit. KVM accepts 2^18 bytes and more (PPC_MIN_HPT_ORDER).
HashPlan plan_hash(std::uint64_t memory_size, const compat::AssessedHost &host) {
  constexpr unsigned kMinOrder = 18;
  constexpr unsigned kRealSizeShift = 12 - 7;
  const auto order_of = [](std::uint64_t size) { return static_cast<unsigned>(std::bit_width(size - 1)); };
  const unsigned for_ram = order_of(memory_size) - 7;
  const unsigned for_real_mode = order_of(std::min(memory_size, std::uint64_t{1} << 30)) - kRealSizeShift;
  HashPlan plan;
  plan.table_order = std::max({kMinOrder, for_ram, for_real_mode});
  plan.real_size = std::min(memory_size, std::uint64_t{1} << (plan.table_order + kRealSizeShift));
  plan.mmu = host.facts.kvm.hash_mmu.value_or(host::HashMmu{});
  // A page of the guest must be one of the host, or a part of one (KVM_PPC_PAGE_SIZES_REAL).
  const auto too_large = [&](std::uint32_t shift) { return std::uint64_t{1} << shift > host.facts.system.page_size; };
  std::erase_if(plan.mmu.segments, [&](const host::SegmentPages &segment) { return too_large(segment.base.shift); });
  for (host::SegmentPages &segment : plan.mmu.segments)
    std::erase_if(segment.pages, [&](const host::PageEncoding &page) { return too_large(page.shift); });
  return plan;
}

// The properties are those of LoPAR's appendix "PA Processor Binding". Sizes are shifts; the lists of segments and
// pages name each base page, its encoding in the SLB, and the pages with their encodings in the table.
void add_hash_mmu(fdt::Node &cpu, const HashPlan &hash) {
  constexpr std::uint32_t kSegment = 28;
  constexpr std::uint32_t kTerabyteSegment = 40;
  constexpr std::uint32_t kNoSegment = 0xffffffff;
  cpu.set_cells("ibm,pft-size", {0, hash.table_order});
  if (hash.mmu.segments.empty()) return;
  cpu.set_cells("slb-size", {hash.mmu.slb_size});
  cpu.set_cells("ibm,slb-size", {hash.mmu.slb_size});
  if (hash.mmu.terabyte_segments)
    cpu.set_cells("ibm,processor-segment-sizes", {kSegment, kTerabyteSegment, kNoSegment, kNoSegment});
  std::vector<std::uint32_t> pages;
  for (const host::SegmentPages &segment : hash.mmu.segments) {
    const auto count = static_cast<std::uint32_t>(segment.pages.size());
    pages.insert(pages.end(), {segment.base.shift, segment.base.encoding, count});
    for (const host::PageEncoding &page : segment.pages) pages.insert(pages.end(), {page.shift, page.encoding});
  }
  cpu.set_cells("ibm,segment-page-sizes", pages);
}

std::vector<std::string> announced_functions(const MachinePlan &plan, compat::Translation mmu) {
  std::vector<std::string> names;
  for (const FunctionSet &set : plan.papr.hypertas) {
    const bool usable = !set.hash || mmu == compat::Translation::kHash;
    if (usable && devices::has(plan.devices, set.device)) names.push_back(set.name);
  }
  return names;
}

void set_mmu(fdt::LiveTree &tree, const MachinePlan &plan, compat::Translation mmu) {
  constexpr std::string_view kFunctions = "ibm,hypertas-functions";
  fdt::Node rtas;
  rtas.set_texts(kFunctions, announced_functions(plan, mmu));
  [[maybe_unused]] const bool set =
      tree.set_property(*tree.find("/rtas"), kFunctions, rtas.property(kFunctions)->value);
  assert(set);
}

}  // namespace parley::guest
