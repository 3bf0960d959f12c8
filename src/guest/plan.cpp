// SPDX-License-Identifier: Apache-2.0
//
// Makes the plan of a machine from the user's request, the decision about the level, and the facts about the host.
//
// The machine layer builds exactly this plan in KVM, and the guest's device tree is a function of it (tree.cpp). So
// tree and machine cannot disagree. The layout of guest memory, from address 0 up:
//
//   payload        at the addresses that the file asks for
//   initrd         1 MiB or more above the payload, which leaves room for the payload's first stack
//   free           at least 2 MiB for a Linux kernel, whose boot code allocates memory here
//   firmware page  64 KiB: the entry points of RTAS and of the client interface
//   device tree    64 KiB, for a flattened tree; it ends at the end of RAM, or at 768 MiB if there is more RAM
//
// Linux' boot code uses memory below 768 MiB only, so all of these must be there (kBootLimit).
#include "parley/guest/plan.hpp"

#include <algorithm>

#include "hash_mmu.hpp"
#include "parley/base/text.hpp"

namespace parley::guest {
namespace {

// The timebase frequency of POWER8 to Power11, for hosts whose tree does not give it.
constexpr std::uint32_t kUsualTimebase = 512'000'000;

// Linux' boot code claims memory below the limit for a flattened tree of 1 MiB and for RTAS.
constexpr std::uint64_t kBootRoom = 2 * 1024 * 1024;

// A program may use memory behind its image that its headers do not declare, for example for its first stack. This gap
// protects the initrd.
constexpr std::uint64_t kGrowthRoom = 1024 * 1024;

// The flattened tree has room for this, and no guest accepts more.
constexpr std::size_t kMaxCommandLine = 16 * 1024;

constexpr std::uint64_t round_up(std::uint64_t value) { return (value + kPageSize - 1) / kPageSize * kPageSize; }

Failure does_not_fit(const MachinePlan &plan, std::uint64_t end, std::uint64_t limit) {
  const std::string what = plan.initrd ? "the kernel and its initrd do" : "the payload " + plan.payload.name + " does";
  return {what + " not fit into the guest's memory",
          "the guest has " + std::to_string(plan.memory_size >> 20) + " MiB; its boot images end at " + hex64(end) +
              " and must end at or below " + hex64(limit),
          limit < kBootLimit - kBootRoom - kTreeRoom - kPageSize ? "give the guest more memory (-m)"
          : plan.initrd                                          ? "use a smaller initrd"
                        : "link it lower: all boot images must be below 768 MiB"};
}

std::expected<void, Failure> lay_out(MachinePlan &plan, std::optional<SharedBytes> initrd) {
  const std::uint64_t top = std::min(plan.memory_size, kBootLimit);
  plan.tree_at = GuestAddress{top - kTreeRoom};
  plan.firmware_at = GuestAddress{plan.tree_at.value - kPageSize};
  std::uint64_t end = plan.payload.end();
  if (initrd) {
    plan.initrd = whole(std::move(*initrd), GuestAddress{round_up(end) + kGrowthRoom});
    end = plan.initrd->end();
  }
  const bool is_linux = plan.boot == BootKind::kClientInterface || plan.initrd;
  const std::uint64_t limit = plan.firmware_at.value - (is_linux ? std::min(kBootRoom, plan.firmware_at.value) : 0);
  // An absurd payload may end so far up that the sums above wrap.
  if (plan.payload.end() > limit || end > limit) return std::unexpected(does_not_fit(plan, end, limit));
  return {};
}

void describe_host(const compat::AssessedHost &host, const compat::LegalRange &legal, MachinePlan &plan) {
  const auto &known = host.capabilities;
  plan.host =
      "host " + (known.level ? describe(*known.level) : std::string("of unknown level")) + " by " + known.level_reason;
  plan.legal = describe(legal);
  plan.host_level = known.level;
}

}  // namespace

std::expected<void, compat::Attempt> adapt_to(const compat::AssessedHost &host, MachinePlan &plan) {
  if (!plan.forced) {
    auto attempt = compat::judge(plan.level, host);
    if (!attempt.legal()) return std::unexpected(std::move(attempt));
  }
  describe_host(host, compat::legal_range(host), plan);
  const auto illegal = [&](compat::Target target) {
    return target != plan.level && !compat::judge(target, host).legal();
  };
  std::erase_if(plan.fallbacks, illegal);
  for (const compat::Target target : plan.offer.targets)
    if (illegal(target)) plan.offer.withheld.push_back({target, "the host's level has changed: " + plan.host});
  std::erase_if(plan.offer.targets, illegal);
  return {};
}

std::expected<MachinePlan, Failure> plan_machine(GuestRequest request, const compat::Decision &decision,
                                                 const compat::AssessedHost &host, PaprInterface papr) {
  MachinePlan plan;
  describe_host(host, decision.legal, plan);
  plan.memory_size = request.memory_size;
  plan.regions = {{GuestAddress{0}, plan.memory_size}};
  plan.memory = std::move(request.memory);
  plan.memory.copies_images = host.capabilities.kvm == host::KvmKind::kNestedV1;
  plan.processors = request.processors;
  plan.threads = request.threads;
  plan.nested = request.nested;
  plan.boot = request.boot;
  plan.level = decision.chosen;
  plan.fallbacks = decision.next;
  plan.forced = decision.forced;
  plan.may_change = decision.may_change;
  plan.offer = compat::make_offer(decision, host);
  plan.pvr = plan.offer.pvr;
  plan.timebase_frequency = host.facts.tree.timebase_frequency.value_or(kUsualTimebase);
  plan.payload = std::move(request.payload);
  plan.command_line = std::move(request.command_line);
  plan.papr = std::move(papr);
  if (plan.papr.platform.hash) plan.hash = plan_hash(plan.memory_size, host);
  plan.devices = devices::usual_devices(request.terminals, plan.interrupts);
  if (plan.command_line.size() > kMaxCommandLine)
    return std::unexpected(Failure{"the guest's command line is too long",
                                   std::to_string(plan.command_line.size()) + " bytes, but there is room for only " +
                                       std::to_string(kMaxCommandLine),
                                   "shorten --append"});
  if (const auto done = lay_out(plan, std::move(request.initrd)); !done) return std::unexpected(done.error());
  return plan;
}

std::expected<std::uint64_t, Failure> parse_memory_size(std::string_view text) {
  const Failure bad{"'" + std::string(text) + "' is not a memory size",
                    "a memory size is a number with K, M, G or T, a multiple of 64K, and at least 1M",
                    "for example -m 256M"};
  constexpr std::string_view kUnits = "KMGT";
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
