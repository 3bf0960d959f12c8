// SPDX-License-Identifier: Apache-2.0
#include "parley/compat/nesting.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/hosts.hpp"

namespace parley::compat {
namespace {

using ::testing::HasSubstr;

std::optional<Failure> refusal(host::KvmKind kind, int capability) {
  AssessedHost host{parley::testing::captured_host(), {}};
  host.capabilities.kvm = kind;
  host.facts.kvm.capabilities["KVM_CAP_PPC_NESTED_HV"] = capability;
  return why_not_nested(host);
}

TEST(Nesting, IsPossibleWhereKvmOffersIt) {
  EXPECT_FALSE(refusal(host::KvmKind::kPowerNvHv, 1));
  EXPECT_FALSE(refusal(host::KvmKind::kNestedV1, 1));
}

TEST(Nesting, IsRefusedWithTheReasonOfTheKindOfHost) {
  EXPECT_THAT(refusal(host::KvmKind::kNestedV2, 0)->why, HasSubstr("under nested API v2"));
  EXPECT_THAT(refusal(host::KvmKind::kNestedV1, 0)->why, HasSubstr("nested=0"));
  EXPECT_THAT(refusal(host::KvmKind::kPowerNvHv, 0)->why, HasSubstr("hash MMU"));
}

}  // namespace
}  // namespace parley::compat
