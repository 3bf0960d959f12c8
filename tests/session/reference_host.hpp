// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "host/hosts.hpp"
#include "kvm/fake_kvm.hpp"
#include "parley/compat/decide.hpp"
#include "parley/machine/probe.hpp"

namespace parley::testing {

/// The output of the built-in guest at power10.
inline void play_hello(FakeKvm &fake) {
  const std::string text = "physical PVR: 0x00821200\nlevel: power10 (cpu-version 0x0f000006)\n";
  for (std::size_t at = 0; at < text.size(); at += 16) fake.play(says(text.substr(at, 16)));
}

/// The reference host: a partition at the POWER10 level of a Power11 machine.
inline host::Facts reference_facts() {
  host::Facts facts = tree_only("power11-as-power10");
  facts.system = reference_system();
  return facts;
}

/// The same, with the facts of a fake KVM.
inline compat::AssessedHost reference_host(FakeKvm &fake) {
  host::Facts facts = machine::gather_facts(reference_facts(), fake);
  auto capabilities = host::assess(facts);
  return {std::move(facts), std::move(capabilities)};
}

}  // namespace parley::testing
