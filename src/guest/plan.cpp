// SPDX-License-Identifier: Apache-2.0
#include "parley/guest/plan.hpp"

#include "parley/base/text.hpp"

namespace parley::guest {
namespace {

// The frequency of every POWER8 to Power11 timebase, for hosts whose tree does not tell.
constexpr std::uint32_t kUsualTimebase = 512'000'000;

Failure does_not_fit(const MachinePlan &plan) {
  return {"the payload " + plan.payload.name + " does not fit into the guest's memory",
          "it ends at " + hex64(plan.payload.end()) + "; the guest has " + std::to_string(plan.memory_size >> 20) +
              " MiB, the uppermost 64 KiB of them for the device tree",
          "give the guest more memory (-m)"};
}

}  // namespace

std::expected<MachinePlan, Failure> plan_machine(std::uint64_t memory_size, const compat::Decision &decision,
                                                 const compat::Host &host, Payload payload, Services services) {
  MachinePlan plan;
  const auto &known = host.capabilities;
  plan.host =
      "host " + (known.level ? describe(*known.level) : std::string("of unknown level")) + " by " + known.level_reason;
  plan.legal = describe(decision.legal);
  plan.host_level = known.level;
  plan.memory_size = memory_size;
  plan.level = decision.chosen;
  plan.fallbacks = decision.next;
  plan.forced = decision.forced;
  plan.may_change = decision.may_change;
  plan.pvr = host.facts.kvm.pvr.value_or(host.facts.system.cpuinfo_pvr.value_or(PhysicalPvr{}));
  plan.timebase_frequency = host.facts.tree.timebase_frequency.value_or(kUsualTimebase);
  plan.tree_at = GuestAddress{memory_size - kTreeRoom};
  plan.payload = std::move(payload);
  plan.services = std::move(services);
  if (plan.payload.end() > plan.tree_at.value) return std::unexpected(does_not_fit(plan));
  return plan;
}

std::expected<std::uint64_t, Failure> parse_memory_size(std::string_view text) {
  const Failure bad{"'" + std::string(text) + "' is no memory size",
                    "it must be a number with K, M or G behind it, a multiple of 64K, and at least 1M",
                    "for example -m 256M"};
  constexpr std::string_view kUnits = "KMG";
  std::string_view digits = text;
  unsigned shift = 20;
  if (!text.empty()) {
    const char last = text.back() >= 'a' ? static_cast<char>(text.back() - 'a' + 'A') : text.back();
    if (const auto unit = kUnits.find(last); unit != std::string_view::npos) {
      shift = 10 * (static_cast<unsigned>(unit) + 1);
      digits.remove_suffix(1);
    }
  }
  std::uint64_t number = 0;
  if (!parse_number(digits, number) || number > (~std::uint64_t{0} >> 1) >> shift) return std::unexpected(bad);
  const std::uint64_t size = number << shift;
  if (size < kMinMemory || size % kPageSize != 0) return std::unexpected(bad);
  return size;
}

}  // namespace parley::guest
