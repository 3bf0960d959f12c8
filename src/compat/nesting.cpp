// SPDX-License-Identifier: Apache-2.0
#include "parley/compat/nesting.hpp"

namespace parley::compat {
namespace {

std::string reason_of(host::KvmKind kvm) {
  switch (kvm) {
    case host::KvmKind::kNestedV2:
      return "a partition under nested API v2 cannot pass nesting on";
    case host::KvmKind::kNestedV1:
      return "kvm-hv was loaded with nested=0";
    default:
      return "kvm-hv was loaded with nested=0, or the host has the hash MMU";
  }
}

}  // namespace

std::optional<Failure> why_not_nested(const AssessedHost &host) {
  if (host.facts.kvm.capability("KVM_CAP_PPC_NESTED_HV") != 0) return std::nullopt;
  return Failure{"guests of this host cannot run guests of their own",
                 "KVM_CAP_PPC_NESTED_HV is 0: " + reason_of(host.capabilities.kvm),
                 "leave out --nested, or use a PowerNV host or a partition under nested API v1"};
}

}  // namespace parley::compat
