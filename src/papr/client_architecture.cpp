// SPDX-License-Identifier: Apache-2.0
#include "parley/papr/client_architecture.hpp"

#include <tuple>

#include "parley/base/text.hpp"
#include "parley/papr/option_vectors.hpp"

namespace parley::papr {
namespace {

// An entry may cover more targets than this one.
void note_refusal(compat::Negotiation &table, compat::Target target, PhysicalPvr raw, const std::string &why) {
  for (compat::EntryFate &fate : table.entries) {
    if (!fate.entry.covers(target.pvr_shown(raw))) continue;
    const std::string refusal = "refused by the kernel: " + why;
    fate.fate = fate.match == short_name(target) ? refusal : fate.fate + "; " + short_name(target) + " is " + refusal;
  }
}

// Sets the best candidate that the kernel accepts.
void take_best(Partition &partition, NegotiationOutcome &outcome) {
  for (const compat::Target candidate : outcome.table.candidates) {
    const auto taken = partition.take_level(candidate);
    if (taken) {
      outcome.level = candidate;
      return;
    }
    note_refusal(outcome.table, candidate, partition.offer().pvr, taken.error());
    outcome.problem += (outcome.problem.empty() ? "" : "; ") + taken.error();
  }
  if (outcome.table.candidates.empty()) outcome.problem = "the guest's list contains no offered level";
}

// A guest that chose radix cannot have a level without it.
compat::Offer offer_for(compat::Translation mmu, const Partition &partition) {
  compat::Offer offer = partition.offer();
  if (mmu == compat::Translation::kRadix) offer.withhold_hash_only("it has no radix MMU, which the guest chose");
  return offer;
}

compat::Platform platform_with(compat::Translation mmu, const Partition &partition) {
  compat::Platform platform = partition.platform();
  platform.radix = mmu == compat::Translation::kRadix;
  platform.hash = !platform.radix;
  return platform;
}

}  // namespace

bool negotiate_architecture(Context &context, GuestAddress at) {
  Partition &partition = context.partition;
  NegotiationOutcome outcome;
  outcome.offered = describe(partition.offer());
  const auto fail = [&](std::string problem) {
    outcome.problem = std::move(problem);
    partition.negotiated(outcome, {});
    return false;
  };
  if (!partition.may_negotiate()) return fail("it has negotiated too often");
  // LoPAR B.6.2.3: the call must come before other processors are started.
  if (partition.any_other_running(context.caller)) return fail("other processors of the guest are running");
  const auto client = read_client_architecture(context.memory, at);
  if (!client) return fail(client.error());
  const compat::Translation mmu = chosen_mmu(*client, partition.platform()).value_or(partition.mmu());
  outcome.table = compat::negotiate(client->processors, offer_for(mmu, partition));
  outcome.guest_list = compat::describe(client->processors, partition.offer().pvr);
  outcome.operating_system = client->operating_system;
  if (const std::string demand = unmet_demand(*client, partition.platform()); !demand.empty()) return fail(demand);
  const compat::Translation mmu_before = partition.mmu();
  if (const auto taken = partition.take_mmu(mmu); !taken) return fail(taken.error());
  take_best(partition, outcome);
  if (!outcome.level) [[maybe_unused]]
    const auto restored = partition.take_mmu(mmu_before);
  partition.negotiated(outcome, grant(*client, platform_with(mmu, partition)));
  return outcome.level.has_value();
}

}  // namespace parley::papr
