// SPDX-License-Identifier: Apache-2.0
#include "parley/report/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/hosts.hpp"

namespace parley::report {
namespace {

using ::testing::HasSubstr;

compat::AssessedHost sample() {
  host::Facts facts = parley::testing::tree_only("power11-as-power10");
  facts.system = {
      "ppc64le", "7.2.13", "power10", "power11", 0xbef60000, "POWER10 (architected)", PhysicalPvr{0x00821200}, 65536};
  facts.kvm.access = host::KvmAccess::kHv;
  facts.kvm.capabilities = {{"KVM_CAP_PPC_NESTED_HV", 0}, {"KVM_CAP_MAX_VCPUS", 2048}};
  facts.kvm.pvr = PhysicalPvr{0x00821200};
  facts.kvm.compat_caps = host::CompatCaps{0, host::kCompatCapPower10};
  facts.kvm.trials = {{level("power11").pvr(), host::TrialOutcome::kPoisoned, 22, kInvalidLogicalPvr}};
  facts.tree.cpus.push_back({"broken", std::nullopt, 0});
  auto capabilities = host::assess(facts);
  return {std::move(facts), std::move(capabilities)};
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(InspectJson, IsTheSameAfterReadingAndWritingAgain) {
  const std::string text = inspect_json(sample());
  auto facts = read_inspect_json(text, "test");
  ASSERT_TRUE(facts);
  auto capabilities = host::assess(*facts);
  EXPECT_EQ(inspect_json({std::move(*facts), std::move(capabilities)}), text);
}

TEST(InspectJson, RefusesAnotherVersionOfItself) {
  const auto facts =
      read_inspect_json(replaced(inspect_json(sample()), "parley-inspect/1", "parley-inspect/9"), "old.json");
  ASSERT_FALSE(facts);
  EXPECT_THAT(facts.error().what, HasSubstr("old.json"));
  EXPECT_THAT(facts.error().why, HasSubstr("parley-inspect/9"));
}

TEST(InspectJson, RefusesABreakInAnyPlace) {
  const std::string good = inspect_json(sample());
  EXPECT_FALSE(read_inspect_json("", "x"));
  EXPECT_FALSE(read_inspect_json("[]", "x"));
  EXPECT_FALSE(read_inspect_json("{}", "x"));
  EXPECT_FALSE(read_inspect_json(good.substr(0, good.size() / 2), "x"));
  EXPECT_FALSE(read_inspect_json(replaced(good, "\"poisoned\"", "\"charmed\""), "x"));
  EXPECT_FALSE(read_inspect_json(replaced(good, "\"0f000006\"", "\"0f00000\""), "x"));
  EXPECT_FALSE(read_inspect_json(replaced(good, "\"0f000006\"", "\"0f00000z\""), "x"));
  EXPECT_FALSE(read_inspect_json(replaced(good, "\"0x00821200\"", "\"0x100000000\""), "x"));
  EXPECT_FALSE(read_inspect_json(replaced(good, "\"0x00821200\"", "7"), "x"));
}

TEST(InspectJson, SurvivesACapabilityOfAnyName) {
  compat::AssessedHost host = sample();
  host.facts.kvm.capabilities = {{"X", 1}, {"", 1}};
  const auto facts = read_inspect_json(inspect_json(host), "test");
  ASSERT_TRUE(facts);
  EXPECT_FALSE(host::assess(*facts).sources.empty());
}

TEST(InspectJson, RefusesInvalidCounts) {
  const std::string good = inspect_json(sample());
  EXPECT_FALSE(read_inspect_json(replaced(good, "\"threads\": 1", "\"threads\": -1"), "x"));
  EXPECT_FALSE(read_inspect_json(replaced(good, "\"page_size\": 65536", "\"page_size\": 1e30"), "x"));
}

TEST(InspectJson, SurvivesTextThatIsNotUtf8) {
  compat::AssessedHost host = sample();
  host.facts.tree.model = "\xff\xfe";
  EXPECT_TRUE(read_inspect_json(inspect_json(host), "test"));
}

}  // namespace
}  // namespace parley::report
