// SPDX-License-Identifier: Apache-2.0
//
// A planned guest on the lab's reference host, a partition at the POWER10 level of a Power11 machine.
#pragma once

#include "host/hosts.hpp"
#include "parley/guest/plan.hpp"
#include "parley/machine/machine.hpp"

namespace parley::testing {

inline constexpr PhysicalPvr kReferencePvr{0x00821200};

inline compat::AssessedHost reference_host() {
  host::Facts facts = tree_only("power11-as-power10");
  facts.kvm.pvr = kReferencePvr;
  auto capabilities = host::assess(facts);
  return {std::move(facts), std::move(capabilities)};
}

/// The levels that a guest with this wish ("auto", "power9") may negotiate there.
inline compat::Offer reference_offer(std::string_view wish = "auto") {
  const auto host = reference_host();
  return compat::make_offer(compat::decide({compat::parse_wish(wish).value(), false, false}, host).value(), host);
}

/// The plan of a guest with two processors that boots through the client interface.
inline guest::MachinePlan reference_plan() {
  const auto host = reference_host();
  guest::GuestRequest request;
  request.processors = 2;
  request.boot = guest::BootKind::kClientInterface;
  request.payload = guest::builtin_payload();
  request.command_line = "console=hvc0";
  return guest::plan_machine(std::move(request), compat::decide({}, host).value(), host,
                             machine::papr_interface(host.facts.kvm))
      .value();
}

inline fdt::Node reference_tree() {
  const auto plan = reference_plan();
  return guest::guest_tree(plan, plan.level);
}

}  // namespace parley::testing
