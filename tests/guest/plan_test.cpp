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

compat::AssessedHost reference_host() {
  host::Facts facts = parley::testing::tree_only("power11-as-power10");
  facts.kvm.pvr = PhysicalPvr{0x00821200};
  auto capabilities = host::assess(facts);
  return {std::move(facts), std::move(capabilities)};
}

std::expected<MachinePlan, Failure> plan_with(GuestRequest request) {
  const auto host = reference_host();
  return plan_machine(std::move(request), compat::decide({}, host).value(), host, machine::papr_interface({}));
}

std::expected<MachinePlan, Failure> plan_with(std::uint64_t memory_size, Payload payload = builtin_payload()) {
  GuestRequest request;
  request.memory_size = memory_size;
  request.payload = std::move(payload);
  return plan_with(std::move(request));
}

constexpr std::uint64_t kMiB = 1024 * 1024;

// A kernel as large as Debian's.
GuestRequest linux_request(std::uint64_t memory_size, std::size_t initrd_size) {
  GuestRequest request;
  request.memory_size = memory_size;
  request.processors = 2;
  request.boot = BootKind::kClientInterface;
  request.payload = {"vmlinux", {whole(SharedBytes(Bytes(16)), GuestAddress{0})}, GuestAddress{0}, true};
  request.payload.segments[0].size = 43 * kMiB;
  request.initrd = SharedBytes(Bytes(initrd_size));
  request.command_line = "console=hvc0";
  return request;
}

TEST(Plan, CarriesTheDecisionAndTheHostsFacts) {
  const MachinePlan plan = plan_with(kDefaultMemory).value();
  EXPECT_EQ(plan.level, compat::Target::of(level("power10")));
  EXPECT_EQ(plan.pvr, PhysicalPvr{0x00821200});
  EXPECT_EQ(plan.timebase_frequency, 512'000'000u);
  EXPECT_EQ(plan.host, "host power10 (0x0f000006) by cpu-version 0x0f000006");
  EXPECT_EQ(plan.legal, "legal here: power9 to power10");
}

TEST(Plan, CopiesImagesOnlyBelowAHypervisorThatShadowsPageTables) {
  compat::AssessedHost host = reference_host();
  for (const auto kind : {host::KvmKind::kNestedV1, host::KvmKind::kNestedV2, host::KvmKind::kPowerNvHv}) {
    host.capabilities.kvm = kind;
    GuestRequest request;
    request.payload = builtin_payload();
    const auto plan =
        plan_machine(std::move(request), compat::decide({}, host).value(), host, machine::papr_interface({})).value();
    EXPECT_EQ(plan.memory.copies_images, kind == host::KvmKind::kNestedV1);
  }
}

TEST(Plan, HasANodePerCoreThatListsItsThreads) {
  GuestRequest request;
  request.payload = builtin_payload();
  request.processors = 4;
  request.threads = 2;
  const MachinePlan plan = plan_with(std::move(request)).value();
  const auto tree = guest_tree(plan, plan.level);
  const auto &cores = tree.child("cpus")->children;
  ASSERT_EQ(cores.size(), 2u);
  EXPECT_EQ(cores[1].name, "PowerPC,POWER11@2");
  fdt::Node expected;
  expected.set_cells("servers", {2, 3});
  expected.set_cells("groups", {2, 0, 3, 0});
  EXPECT_EQ(cores[1].property("ibm,ppc-interrupt-server#s")->value, expected.property("servers")->value);
  EXPECT_EQ(cores[1].property("ibm,ppc-interrupt-gserver#s")->value, expected.property("groups")->value);
}

TEST(Plan, HasTheRequestedNumberOfTerminals) {
  GuestRequest request;
  request.payload = builtin_payload();
  request.terminals = 3;
  const MachinePlan plan = plan_with(std::move(request)).value();
  EXPECT_EQ(std::ranges::count(plan.devices, devices::Kind::kVty, devices::kind), 3);
  const auto tree = guest_tree(plan, plan.level);
  EXPECT_NE(tree.child("vdevice")->child("vty@71000003"), nullptr);
  EXPECT_EQ(tree.child("chosen")->text("stdout-path"), "/vdevice/vty@71000000");
}

TEST(Plan, AnnouncesNoCallForAMissingDevice) {
  MachinePlan plan = plan_with(kDefaultMemory).value();
  const auto announces = [&](const char *token) {
    return guest_tree(plan, plan.level).child("rtas")->property(token) != nullptr;
  };
  EXPECT_TRUE(announces("nvram-fetch"));
  std::erase_if(plan.devices, [](const devices::Spec &spec) { return kind(spec) == devices::Kind::kNvram; });
  EXPECT_FALSE(announces("nvram-fetch"));
  EXPECT_TRUE(announces("get-time-of-day"));
}

TEST(Plan, PutsTheTreeBelowTheEndOfMemory) {
  EXPECT_EQ(plan_with(kMinMemory)->tree_at, GuestAddress{kMinMemory - kTreeRoom});
}

TEST(Plan, RefusesAPayloadThatDoesNotFit) {
  Payload large = builtin_payload();
  large.segments[0].size = kMinMemory - kTreeRoom - kPageSize;
  EXPECT_TRUE(plan_with(kMinMemory, large));
  large.segments[0].size += 1;
  const auto plan = plan_with(kMinMemory, large);
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().what, HasSubstr("does not fit"));
}

// A program's first stack may be behind its image, undeclared by its headers.
TEST(Plan, LeavesRoomBehindTheImageAndPutsTheFirmwarePageBelowTheTree) {
  const MachinePlan plan = plan_with(linux_request(256 * kMiB, kMiB + 1)).value();
  EXPECT_EQ(plan.firmware_at, GuestAddress{256 * kMiB - kTreeRoom - kPageSize});
  EXPECT_EQ(plan.initrd->at, GuestAddress{44 * kMiB});
  EXPECT_EQ(plan.initrd->size, kMiB + 1);
  EXPECT_EQ(plan.processors, 2u);
}

TEST(Plan, KeepsAllBootImagesBelow768MiB) {
  GuestRequest request = linux_request(4096 * kMiB, kMiB);
  std::uint64_t &kernel = request.payload.segments[0].size;
  kernel = 768 * kMiB - kTreeRoom - 2 * kMiB - kPageSize - 2 * kMiB;
  EXPECT_EQ(plan_with(request)->tree_at, GuestAddress{768 * kMiB - kTreeRoom});
  kernel += 1;
  const auto too_large = plan_with(request);
  ASSERT_FALSE(too_large);
  EXPECT_THAT(too_large.error().what_to_do, HasSubstr("smaller initrd"));
  request.memory_size = 128 * kMiB;
  const auto too_little = plan_with(request);
  ASSERT_FALSE(too_little);
  EXPECT_THAT(too_little.error().what_to_do, HasSubstr("-m"));
}

TEST(Plan, RefusesACommandLineThatDoesNotFitIntoTheTree) {
  GuestRequest request = linux_request(256 * kMiB, kMiB);
  request.command_line = std::string(16 * 1024, 'x');
  EXPECT_TRUE(plan_with(request));
  request.command_line += 'x';
  EXPECT_THAT(plan_with(request).error().what, HasSubstr("too long"));
}

TEST(Plan, OffersTheLegalLevelsAtOrBelowItsOwn) {
  EXPECT_EQ(describe(plan_with(kDefaultMemory)->offer), "power10, power9");
}

compat::AssessedHost host_at(unsigned level) {
  host::Facts facts = parley::testing::tree_only("power11-as-power10");
  facts.kvm.pvr = PhysicalPvr{0x00821200};
  for (auto &cpu : facts.tree.cpus) cpu = parley::testing::cpu_node({0x0f, 0, 0, level}, cpu.name);
  auto capabilities = host::assess(facts);
  return {std::move(facts), std::move(capabilities)};
}

TEST(Plan, CannotBeAdaptedToAHostWhoseLevelFellBelowItsOwn) {
  MachinePlan plan = plan_with(kDefaultMemory).value();
  const MachinePlan before = plan;
  const auto adapted = adapt_to(host_at(5), plan);
  ASSERT_FALSE(adapted);
  EXPECT_EQ(adapted.error().steps.back().rule->name, "not-above-host");
  EXPECT_EQ(plan, before);
}

TEST(Plan, WithdrawsOffersAboveTheHostsNewLevel) {
  const auto host = reference_host();
  const compat::Wish wish{compat::parse_wish("power9,power10").value(), false, false};
  GuestRequest request;
  request.payload = builtin_payload();
  MachinePlan plan =
      plan_machine(std::move(request), compat::decide(wish, host).value(), host, machine::papr_interface({})).value();
  EXPECT_EQ(describe(plan.offer), "power9, power10");
  ASSERT_TRUE(adapt_to(host_at(5), plan));
  EXPECT_EQ(describe(plan.offer), "power9");
  EXPECT_TRUE(plan.fallbacks.empty());
  EXPECT_EQ(plan.host_level, level("power9"));
  EXPECT_THAT(plan.host, HasSubstr("cpu-version 0x0f000005"));
}

TEST(Plan, KeepsItsLevelIfTheHostGetsAHigherOne) {
  MachinePlan plan = plan_with(kDefaultMemory).value();
  ASSERT_TRUE(adapt_to(host_at(7), plan));
  EXPECT_EQ(plan.level, compat::Target::of(level("power10")));
  EXPECT_EQ(describe(plan.offer), "power10, power9");
  EXPECT_EQ(plan.host_level, level("power11"));
}

TEST(Plan, IsComparable) {
  EXPECT_EQ(*plan_with(kDefaultMemory), *plan_with(kDefaultMemory));
  EXPECT_NE(*plan_with(kDefaultMemory), *plan_with(kMinMemory));
}

TEST(MemorySize, IsReadWithItsUnit) {
  EXPECT_EQ(parse_memory_size("256M"), 256u << 20);
  EXPECT_EQ(parse_memory_size("256"), 256u << 20);
  EXPECT_EQ(parse_memory_size("1g"), 1u << 30);
  EXPECT_EQ(parse_memory_size("2T"), std::uint64_t{2} << 40);
  EXPECT_EQ(parse_memory_size("1088K"), 1088u << 10);
}

TEST(MemorySize, IsRefusedIfItIsTooSmallTooLargeUnalignedOrNotANumber) {
  for (const char *bad :
       {"", "M", "x", "T", "0", "512K", "1025K", "1.5G", "-1M", "99999999999999G", "18446744073709551615"}) {
    EXPECT_FALSE(parse_memory_size(bad)) << bad;
  }
}

// devicetree/guests has the expected trees, property by property.
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

fdt::Node golden(const std::string &name) {
  const auto blob = read_file(parley::testing::blob_path("guest-" + name), 1 << 20);
  return fdt::parse_blob(blob.value()).value();
}

TEST_P(GoldenTree, EqualsTheGuestsTree) {
  const std::string name = GetParam();
  const auto target = name == "raw" ? compat::Target::raw() : compat::Target::of(level(name));
  const Bytes blob = fdt::to_blob(guest_tree(plan_with(kDefaultMemory).value(), target));
  expect_same(fdt::parse_blob(blob).value(), golden("builtin-" + name), "");
}

INSTANTIATE_TEST_SUITE_P(Levels, GoldenTree, ::testing::Values("power8", "power9", "power10", "power11", "raw"));

TEST(GoldenTree, OfALinuxThatNegotiatesHasTheNegotiableOptions) {
  const MachinePlan plan = plan_with(linux_request(1024 * kMiB, kMiB)).value();
  const Bytes blob = fdt::to_blob(guest_tree(plan, plan.level));
  expect_same(fdt::parse_blob(blob).value(), golden("linux-power10-smp2"), "");
}

TEST(GoldenTree, OfALinuxWithAFlatTreeHasTheGrantedOptions) {
  GuestRequest request = linux_request(1024 * kMiB, kMiB);
  request.boot = BootKind::kFlatTree;
  const MachinePlan plan = plan_with(std::move(request)).value();
  const Bytes blob = fdt::to_blob(guest_tree(plan, plan.level));
  expect_same(fdt::parse_blob(blob).value(), golden("linux-flat"), "");
}

// After a negotiation, the live tree must equal a tree that had the level from the start.
TEST(GoldenTree, HasANegotiatedLevelInEachCpuNode) {
  const MachinePlan plan = plan_with(linux_request(1024 * kMiB, kMiB)).value();
  fdt::LiveTree tree(guest_tree(plan, plan.level));
  set_level(tree, plan, compat::Target::of(level("power9")));
  const Bytes lower = fdt::LiveTree(guest_tree(plan, compat::Target::of(level("power9")))).blob();
  expect_same(fdt::parse_blob(tree.blob()).value(), fdt::parse_blob(lower).value(), "");
}

}  // namespace
}  // namespace parley::guest
