// SPDX-License-Identifier: Apache-2.0
#include "parley/host/kvm_facts.hpp"

#include "parley/base/failure.hpp"
#include "parley/base/text.hpp"

namespace parley::host {

std::string describe(const LevelTrial &trial) {
  const std::string set = trial.error != 0 ? errno_name(trial.error) : "succeeded";
  return set + (trial.readback ? ", reads back " + hex32(trial.readback->value) : ", cannot be read back");
}

std::uint64_t compat_cap_of(Level level) {
  if (level == parley::level("power9")) return kCompatCapPower9;
  if (level == parley::level("power10")) return kCompatCapPower10;
  return level == parley::level("power11") ? kCompatCapPower11 : 0;
}

int KvmFacts::capability(std::string_view name) const {
  const auto found = capabilities.find(name);
  return found == capabilities.end() ? 0 : found->second;
}

}  // namespace parley::host
