// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "host/hosts.hpp"
#include "kvm/fake_kvm.hpp"
#include "parley/machine/probe.hpp"
#include "parley/matrix/cell.hpp"

namespace parley::app {

// What the built-in guest would say at power10.
inline void play_hello(parley::testing::FakeKvm &fake) {
  const std::string text = "physical PVR: 0x00821200\nlevel: power10 (cpu-version 0x0f000006)\n";
  for (std::size_t at = 0; at < text.size(); at += 16) fake.play(parley::testing::says(text.substr(at, 16)));
}

// The reference case: a partition at the POWER10 level of a Power11 machine.
inline host::Facts reference_facts() {
  host::Facts facts = parley::testing::tree_only("power11-as-power10");
  facts.system = parley::testing::reference_system();
  return facts;
}

inline compat::AssessedHost known_host(parley::testing::FakeKvm &fake) {
  host::Facts facts = machine::gather_facts(reference_facts(), fake);
  auto capabilities = host::assess(facts);
  return {std::move(facts), std::move(capabilities)};
}

inline matrix::CellId cell(const std::string &name) { return matrix::parse_cell(name).value(); }
inline const std::string kPower10 = "host.power11.compat.power10.guest.power10";
inline const std::string kPower11 = "host.power11.compat.power10.guest.power11.forced";

}  // namespace parley::app
