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

// --- The hash MMU

compat::AssessedHost bare_metal(std::uint64_t page_size = 4096) {
  host::Facts facts = parley::testing::tree_only("powernv-power10");
  facts.system.page_size = page_size;
  facts.kvm.access = host::KvmAccess::kHv;
  facts.kvm.capabilities = {{"KVM_CAP_PPC_MMU_RADIX", 1}, {"KVM_CAP_PPC_MMU_HASH_V3", 1}};
  facts.kvm.hash_mmu = {32, true, {{{12, 0}, {{12, 0}, {24, 0x38}}}, {{16, 0x110}, {{16, 1}}}, {{24, 0x100}, {}}}};
  auto capabilities = host::assess(facts);
  return {std::move(facts), std::move(capabilities)};
}

MachinePlan plan_on(const compat::AssessedHost &host, std::uint64_t memory_size = kDefaultMemory,
                    const char *level = "auto") {
  GuestRequest request;
  request.memory_size = memory_size;
  request.payload = builtin_payload();
  const auto decision = compat::decide({compat::parse_wish(level).value(), false, false}, host).value();
  const auto interface = machine::papr_interface(host.facts.kvm, compat::platform_for(decision.chosen, host));
  return plan_machine(std::move(request), decision, host, interface).value();
}

std::vector<std::uint32_t> cpu_cells(const MachinePlan &plan, const char *property) {
  const fdt::Node tree = guest_tree(plan, plan.level);
  const auto *found = tree.child("cpus")->children.front().property(property);
  std::vector<std::uint32_t> cells;
  for (std::size_t at = 0; found != nullptr && at < found->value.size(); at += 4)
    cells.push_back(load_be<std::uint32_t>(std::span(found->value).subspan(at)));
  return cells;
}

TEST(HashPlan, ExistsOnlyWhereAGuestMayHaveTheHashMmu) {
  EXPECT_FALSE(plan_with(kDefaultMemory)->hash);
  EXPECT_TRUE(plan_on(bare_metal()).hash);
  compat::AssessedHost radix = bare_metal();
  radix.mmu = compat::MmuWish::kRadix;
  EXPECT_FALSE(plan_on(radix).hash);
}

TEST(HashPlan, HasATableThatLetsAKernelStartInRealMode) {
  const auto host = bare_metal();
  for (const auto &[memory, order, real] : {std::tuple{std::uint64_t{1}, 18u, std::uint64_t{1}},
                                            {256, 23, 256},
                                            {1024, 25, 1024},
                                            {1536, 25, 1024},
                                            {4096, 25, 1024},
                                            {16384, 27, 4096}}) {
    const HashPlan plan = plan_on(host, memory * kMiB).hash.value();
    EXPECT_EQ(plan.table_order, order) << memory;
    EXPECT_EQ(plan.real_size, real * kMiB) << memory;
    EXPECT_GE(plan.real_size, std::min(memory * kMiB, kBootLimit));
  }
}

TEST(HashPlan, ShowsTheMemoryOfRealModeAsTheFirstNode) {
  const MachinePlan plan = plan_on(bare_metal(), 1536 * kMiB);
  const fdt::Node tree = guest_tree(plan, plan.level);
  EXPECT_NE(tree.child("memory@0"), nullptr);
  EXPECT_NE(tree.child("memory@40000000"), nullptr);
}

TEST(HashPlan, OffersNoPageThatIsLargerThanTheHosts) {
  EXPECT_EQ(cpu_cells(plan_on(bare_metal()), "ibm,segment-page-sizes"), (std::vector<std::uint32_t>{12, 0, 1, 12, 0}));
  EXPECT_EQ(cpu_cells(plan_on(bare_metal(65536)), "ibm,segment-page-sizes"),
            (std::vector<std::uint32_t>{12, 0, 1, 12, 0, 16, 0x110, 1, 16, 1}));
}

TEST(HashPlan, IsDescribedInTheProcessorsNodes) {
  const MachinePlan plan = plan_on(bare_metal());
  EXPECT_EQ(cpu_cells(plan, "ibm,pft-size"), (std::vector<std::uint32_t>{0, 23}));
  EXPECT_EQ(cpu_cells(plan, "ibm,slb-size"), std::vector<std::uint32_t>{32});
  EXPECT_EQ(cpu_cells(plan, "ibm,processor-segment-sizes"),
            (std::vector<std::uint32_t>{28, 40, 0xffffffff, 0xffffffff}));
  EXPECT_TRUE(cpu_cells(plan_with(kDefaultMemory).value(), "ibm,pft-size").empty());
}

TEST(HashPlan, IsTheOnlyOneOfALevelWithoutRadix) {
  EXPECT_EQ(plan_on(bare_metal(), kDefaultMemory, "power9").papr.platform, (compat::Platform{.hash = true}));
  const MachinePlan plan = plan_on(bare_metal(), kDefaultMemory, "power8");
  EXPECT_EQ(plan.papr.platform, (compat::Platform{.radix = false, .hash = true}));
  EXPECT_EQ(describe(plan.offer), "power8, power7+, power7, power6");
}

TEST(HashPlan, AnnouncesTheHypercallsOfTheMmuThatTheGuestHas) {
  const MachinePlan plan = plan_on(bare_metal());
  const auto announces_them = [](const fdt::Node &root) {
    const auto sets = root.child("rtas")->texts("ibm,hypertas-functions");
    return std::ranges::find(sets, "hcall-pft") != sets.end() && std::ranges::find(sets, "hcall-bulk") != sets.end();
  };
  EXPECT_FALSE(announces_them(guest_tree(plan, plan.level))) << "it starts with radix";
  EXPECT_TRUE(announces_them(guest_tree(plan, compat::Target::of(level("power8")))));
  fdt::LiveTree live{guest_tree(plan, plan.level)};
  set_mmu(live, plan, compat::Translation::kHash);
  EXPECT_TRUE(announces_them(fdt::parse_blob(live.blob()).value()));
  set_mmu(live, plan, compat::Translation::kRadix);
  EXPECT_EQ(fdt::parse_blob(live.blob()).value().child("rtas")->texts("ibm,hypertas-functions"),
            guest_tree(plan, plan.level).child("rtas")->texts("ibm,hypertas-functions"));
}

TEST(HashPlan, OfALevelWithoutRadixIsInTheTreeAlsoAfterAFallback) {
  MachinePlan plan = plan_on(bare_metal());
  const auto granted = [&](const char *name) {
    const fdt::Node tree = guest_tree(plan, compat::Target::of(level(name)));
    return tree.child("chosen")->property("ibm,architecture-vec-5")->value.at(24);
  };
  EXPECT_EQ(granted("power9"), std::byte{0x40});
  EXPECT_EQ(granted("power8"), std::byte{0});
  plan.boot = BootKind::kClientInterface;
  const fdt::Node tree = guest_tree(plan, compat::Target::of(level("power8")));
  EXPECT_EQ(tree.child("chosen")->property("ibm,arch-vec-5-platform-support")->value.at(3), std::byte{0});
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
