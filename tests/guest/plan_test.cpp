// SPDX-License-Identifier: Apache-2.0
#include "parley/guest/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/hosts.hpp"
#include "parley/base/file.hpp"
#include "parley/machine/machine.hpp"

namespace parley::guest {
namespace {

using ::testing::HasSubstr;

compat::Host reference_host() {
  host::Facts facts = parley::testing::tree_only("power11-as-power10");
  facts.kvm.pvr = PhysicalPvr{0x00821200};
  auto capabilities = host::assess(facts);
  return {std::move(facts), std::move(capabilities)};
}

std::expected<MachinePlan, Failure> plan_with(std::uint64_t memory_size, Payload payload = builtin_payload()) {
  const auto host = reference_host();
  return plan_machine(memory_size, compat::decide({}, host).value(), host, std::move(payload), machine::services());
}

TEST(Plan, CarriesTheDecisionAndTheHostsFacts) {
  const MachinePlan plan = plan_with(kDefaultMemory).value();
  EXPECT_EQ(plan.level, compat::Target::of(level("power10")));
  EXPECT_EQ(plan.pvr, PhysicalPvr{0x00821200});
  EXPECT_EQ(plan.timebase_frequency, 512'000'000u);
  EXPECT_EQ(plan.host, "host power10 (0x0f000006) by cpu-version 0x0f000006");
  EXPECT_EQ(plan.legal, "legal here: power9 to power10");
}

TEST(Plan, PutsTheTreeBelowTheEndOfMemory) {
  EXPECT_EQ(plan_with(kMinMemory)->tree_at, GuestAddress{kMinMemory - kTreeRoom});
}

TEST(Plan, RefusesAPayloadThatDoesNotFit) {
  Payload large = builtin_payload();
  large.segments[0].size = kMinMemory - kTreeRoom;
  EXPECT_TRUE(plan_with(kMinMemory, large));
  large.segments[0].size += 1;
  const auto plan = plan_with(kMinMemory, large);
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().what, HasSubstr("does not fit"));
}

TEST(Plan, IsComparable) {
  EXPECT_EQ(*plan_with(kDefaultMemory), *plan_with(kDefaultMemory));
  EXPECT_NE(*plan_with(kDefaultMemory), *plan_with(kMinMemory));
}

TEST(MemorySize, IsReadWithItsUnit) {
  EXPECT_EQ(parse_memory_size("256M"), 256u << 20);
  EXPECT_EQ(parse_memory_size("256"), 256u << 20);
  EXPECT_EQ(parse_memory_size("1g"), 1u << 30);
  EXPECT_EQ(parse_memory_size("1088K"), 1088u << 10);
}

TEST(MemorySize, IsRefusedWhenItIsTooSmallTooLargeUnalignedOrNoNumber) {
  for (const char *bad :
       {"", "M", "x", "0", "512K", "1025K", "1.5G", "-1M", "99999999999999G", "18446744073709551615"}) {
    EXPECT_FALSE(parse_memory_size(bad)) << bad;
  }
}

// What the guest must find, word by word: devicetree/guests.
class GoldenTree : public ::testing::TestWithParam<const char *> {};

void expect_same(const fdt::Node &actual, const fdt::Node &golden, const std::string &path) {
  ASSERT_EQ(actual.properties.size(), golden.properties.size()) << path;
  for (const auto &property : golden.properties) {
    const auto *found = actual.property(property.name);
    ASSERT_NE(found, nullptr) << path << "/" << property.name;
    EXPECT_EQ(found->value, property.value) << path << "/" << property.name;
  }
  ASSERT_EQ(actual.children.size(), golden.children.size()) << path;
  for (const auto &child : golden.children) {
    const auto *found = actual.child(child.name);
    ASSERT_NE(found, nullptr) << path << "/" << child.name;
    expect_same(*found, child, path + "/" + child.name);
  }
}

TEST_P(GoldenTree, IsWhatTheGuestFinds) {
  const std::string name = GetParam();
  const auto target = name == "raw" ? compat::Target::raw() : compat::Target::of(level(name));
  const auto blob = read_file(parley::testing::blob_path("guest-builtin-" + name), 1 << 20);
  ASSERT_TRUE(blob);
  expect_same(fdt::parse_blob(fdt::to_blob(guest_tree(plan_with(kDefaultMemory).value(), target))).value(),
              fdt::parse_blob(*blob).value(), "");
}

INSTANTIATE_TEST_SUITE_P(Levels, GoldenTree, ::testing::Values("power8", "power9", "power10", "power11", "raw"));

}  // namespace
}  // namespace parley::guest
