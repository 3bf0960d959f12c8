// SPDX-License-Identifier: Apache-2.0
//
// The partition's services for the guest's calls: translation, processor characteristics, and the negotiated level.
#include <cerrno>
#include <sstream>

#include "calling_guest.hpp"

namespace parley::machine {
namespace {

class PartitionTest : public CallingGuestTest {};

TEST_F(PartitionTest, RegistersTheProcessTable) {
  FakeKvm fake;
  fake.play(hcall(0x37c, {0x1d, 0x10000, 0, 12}));
  run(fake, two_processor_plan());
  EXPECT_EQ(fake.process_table(), 0x8000000000010000u | 12);
}

TEST_F(PartitionTest, PassesOnTheProcessorCharacteristicsFromKvm) {
  FakeKvm fake;
  std::uint64_t character = 0;
  fake.play(hcall(0x1c8, {}));
  fake.play([&](abi::Run &page) {
    character = page.papr_hcall.args[0];
    return says(".")(page);
  });
  run(fake, two_processor_plan());
  EXPECT_EQ(character, 0xf0fu);
}

// --- The negotiated level

TEST_F(PartitionTest, SetsTheBestLevelInTheGuestsListOnAllProcessors) {
  FakeKvm fake;
  negotiates(fake, {0x0f000004, kPower9});
  fake.play(then([&] { EXPECT_THAT(call_method_results(fake), ElementsAre(0, 0)); }));
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, two_processor_plan())));
  EXPECT_EQ(fake.arch_compat(0), kPower9);
  EXPECT_EQ(fake.arch_compat(1), kPower9);
  EXPECT_EQ(outcome().level, Target::of(level("power9")));
  EXPECT_THAT(outcome().guest_list, HasSubstr("power9"));
}

TEST_F(PartitionTest, ReportsTheTreeWithTheNegotiatedLevel) {
  FakeKvm fake;
  negotiates(fake, {kPower9});
  std::vector<Bytes> trees;
  Observer watching = observer();
  watching.tree = [&](const Bytes &tree) { trees.push_back(tree); };
  Machine::build({fake, devices()}, two_processor_plan(), watching)->run();
  ASSERT_EQ(trees.size(), 2u);
  const auto tree = fdt::parse_blob(trees.back()).value();
  for (const auto &cpu : tree.child("cpus")->children)
    EXPECT_EQ(load_be<std::uint32_t>(cpu.property("cpu-version")->value), kPower9);
  EXPECT_EQ(tree.child("chosen")->property("ibm,architecture-vec-5")->value.size(), 27u);
}

TEST_F(PartitionTest, SetsTheNextLevelIfTheKernelRefusesOneOnOneProcessor) {
  FakeKvm fake;
  negotiates(fake, {kPower9, kPower10});
  fake.fail(abi::kSetOneReg, EINVAL, 4);  // two at the start; then the second processor's
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, two_processor_plan())));
  EXPECT_EQ(fake.arch_compat(0), kPower9);
  EXPECT_EQ(fake.arch_compat(1), kPower9);
  EXPECT_THAT(outcome().problem, HasSubstr("EINVAL"));
}

TEST_F(PartitionTest, LeavesAllProcessorsAtTheirLevelIfTheNegotiationFails) {
  FakeKvm fake;
  negotiates(fake, {kPower9});
  fake.fail(abi::kSetOneReg, EINVAL, 4);
  fake.play(then([&] { EXPECT_THAT(call_method_results(fake), ElementsAre(0, 0xffffffff)); }));
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, two_processor_plan())));
  EXPECT_EQ(fake.arch_compat(0), kPower10);
  EXPECT_EQ(fake.arch_compat(1), kPower10);
  EXPECT_FALSE(outcome().level);
  EXPECT_EQ(outcome().current, Target::of(level("power10")));
}

TEST_F(PartitionTest, EndsAGuestWhoseProcessorsCannotAllHaveTheSameLevel) {
  FakeKvm fake;
  negotiates(fake, {kPower9});
  fake.fail(abi::kSetOneReg, EINVAL, 4);
  fake.fail(abi::kSetOneReg, EIO, 5);
  EXPECT_THAT(failure(run(fake, two_processor_plan())).what, HasSubstr("the same level"));
}

TEST_F(PartitionTest, RefusesFurtherNegotiationsWhenItNoLongerReportsThem) {
  FakeKvm fake;
  for (int i = 0; i < 8; ++i) negotiates(fake, {kPower10});
  for (int i = 0; i < 12; ++i) negotiates(fake, {kPower9});
  fake.play(then([&] { EXPECT_THAT(call_method_results(fake), ElementsAre(0, 0xffffffff)); }));
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, two_processor_plan())));
  EXPECT_EQ(notices_.size(), 1u + 8u + 1u) << "only the first refused negotiation is reported";
  EXPECT_THAT(outcome().problem, HasSubstr("too often"));
  EXPECT_EQ(outcome().current, Target::of(level("power10")));
  EXPECT_EQ(fake.arch_compat(0), kPower10);
  EXPECT_EQ(fake.arch_compat(1), kPower10);
}

// The worst case: the tree is full, and the guest has the maximum number of processors.
TEST_F(PartitionTest, NegotiatesWithAGuestThatFilledItsTree) {
  FakeKvm fake;
  auto many = two_processor_plan();
  many.processors = guest::kMaxProcessors;
  many.pvr = PhysicalPvr{0x00800200};
  const auto setprop = [&](const std::string &path, const std::string &name, std::uint32_t length) {
    fake.play(service(fake, "finddevice", path, {}, 1));
    fake.play([=, &fake, this](abi::Run &page) {
      const std::uint32_t node = load_be<std::uint32_t>(fake.ram().subspan(kArguments + 16));
      EXPECT_NE(node, 0xffffffff) << path;
      put(fake, kArguments, {kTexts, 4, 1, node, kTexts + 0x40, 0, length});
      const std::string texts = "setprop";
      std::ranges::copy(std::as_bytes(std::span(texts.c_str(), texts.size() + 1)), fake.ram().begin() + kTexts);
      std::ranges::copy(std::as_bytes(std::span(name.c_str(), name.size() + 1)), fake.ram().begin() + kTexts + 0x40);
      return hcall(kClientInterface, {kArguments})(page);
    });
  };
  std::vector<std::uint32_t> refused;
  for (std::uint32_t id = 0; id < many.processors; ++id) {
    std::ostringstream cpu;
    cpu << "/cpus/PowerPC,POWER10@" << std::hex << id;
    for (const char *name : {"cpu-version", "ibm,pa-features"}) {
      setprop(cpu.str(), name, 0);
      fake.play(then([&] { refused.push_back(load_be<std::uint32_t>(fake.ram().subspan(kArguments + 28))); }));
    }
  }
  std::vector<std::uint32_t> taken;
  for (const std::uint32_t length : {2048u, 64u, 1u}) {
    for (int i = 0; i < 100; ++i) {
      setprop("/chosen", "p" + std::to_string(length) + "-" + std::to_string(i), length);
      fake.play(then([&] { taken.push_back(load_be<std::uint32_t>(fake.ram().subspan(kArguments + 28))); }));
    }
  }
  negotiates(fake, {kPower9});
  fake.play(then([&] { EXPECT_THAT(call_method_results(fake), ElementsAre(0, 0)); }));
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, many)));
  EXPECT_THAT(refused, ::testing::AllOf(::testing::SizeIs(2 * many.processors), ::testing::Each(0xffffffff)));
  ASSERT_THAT(taken, ::testing::SizeIs(300));
  EXPECT_EQ(taken.front(), 2048u);
  EXPECT_EQ(taken.back(), 0xffffffff) << "the tree must be full";
  EXPECT_EQ(outcome().level, Target::of(level("power9")));
}

TEST_F(PartitionTest, DoesNotOfferALevelThatTheKernelRefusedAtTheStart) {
  FakeKvm fake;  // a fixed kernel on a power10 host
  auto forced = two_processor_plan();
  forced.level = Target::of(level("power11"));
  forced.forced = true;
  forced.may_change = true;
  forced.fallbacks = {Target::of(level("power10"))};
  forced.offer.targets.insert(forced.offer.targets.begin(), forced.level);
  negotiates(fake, {kPower11, kPower10});
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, forced)));
  EXPECT_EQ(outcome().level, Target::of(level("power10")));
  EXPECT_EQ(outcome().table.entries[0].fate, "the kernel refused it");
}

// --- The proof after the run

// --- The hash MMU

// Five option vectors of one byte: the fifth is too short for byte 24, so the guest knows only the hash MMU.
const std::vector<std::uint32_t> kOldKernel{0x04000000, 0x00000000, 0x00000000};

class BareMetalTest : public PartitionTest {
 protected:
  static FakeHost bare_metal() { return {.api = Api::kBareMetal}; }
  guest::MachinePlan both_mmus(bool radix = true) {
    auto plan = two_processor_plan();
    plan.offer.targets.push_back(Target::of(level("power8")));
    plan.papr = papr_interface({}, {.radix = radix, .hash = true});
    plan.hash = guest::HashPlan{24, guest::kMinMemory, {}};
    return plan;
  }
  compat::Translation first_mmu() const { return std::get<LevelTaken>(notices_.front()).mmu; }
};

TEST_F(BareMetalTest, StartsWithRadixIfTheGuestMayHaveBoth) {
  FakeKvm fake{bare_metal()};
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, both_mmus())));
  EXPECT_FALSE(fake.is_hash());
  EXPECT_EQ(first_mmu(), compat::Translation::kRadix);
}

TEST_F(BareMetalTest, StartsWithHashIfTheGuestMayHaveNothingElse) {
  FakeKvm fake{bare_metal()};
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, both_mmus(false))));
  EXPECT_TRUE(fake.is_hash());
  EXPECT_THAT(fake.hash_tables(), ElementsAre(24u));
  EXPECT_EQ(first_mmu(), compat::Translation::kHash);
}

TEST_F(BareMetalTest, SwitchesToHashIfTheGuestChoosesIt) {
  FakeKvm fake{bare_metal()};
  negotiates(fake, {0x0f000004}, kOldKernel);
  fake.play(then([&] {
    EXPECT_THAT(call_method_results(fake), ElementsAre(0, 0));
    EXPECT_TRUE(fake.is_hash());
  }));
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, both_mmus())));
  EXPECT_EQ(outcome().mmu, compat::Translation::kHash);
  EXPECT_EQ(outcome().level, Target::of(level("power8")));
  EXPECT_THAT(fake.hash_tables(), ElementsAre(24u));
}

TEST_F(BareMetalTest, KeepsRadixIfTheKernelHasNoRoomForATable) {
  FakeKvm fake{bare_metal()};
  negotiates(fake, {kPower10}, kOldKernel);
  fake.fail(abi::kAllocateHtab, ENOMEM);
  fake.play(then([&] { EXPECT_FALSE(fake.is_hash()); }));
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, both_mmus())));
  EXPECT_FALSE(outcome().level);
  EXPECT_EQ(outcome().mmu, compat::Translation::kRadix);
  EXPECT_EQ(outcome().problem, "KVM_PPC_ALLOCATE_HTAB: ENOMEM (Cannot allocate memory)");
}

TEST_F(BareMetalTest, EndsAGuestThatHasLostItsMmu) {
  FakeKvm fake{bare_metal()};
  negotiates(fake, {kPower10}, kOldKernel);
  fake.fail(abi::kAllocateHtab, ENOMEM);
  fake.fail(abi::kConfigureV3Mmu, EBUSY, 3);
  const End end = run(fake, both_mmus());
  EXPECT_THAT(failure(end).why, HasSubstr("EBUSY"));
}

TEST_F(BareMetalTest, StartsAFallbackWithoutRadixWithHash) {
  FakeKvm fake{bare_metal()};
  fake.fail(abi::kSetOneReg, EINVAL);
  auto plan = both_mmus();
  plan.fallbacks = {Target::of(level("power8"))};
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, plan)));
  EXPECT_TRUE(fake.is_hash());
  EXPECT_EQ(std::get<LevelTaken>(notices_.back()).mmu, compat::Translation::kHash);
}

TEST_F(PartitionTest, ReportsALevelThatChangedDuringTheRun) {
  FakeKvm fake;
  fake.play([&](abi::Run &page) {
    fake.overwrite_arch_compat(kPower9);
    return says("x")(page);
  });
  const End end = run(fake, plan("power10"));
  EXPECT_THAT(failure(end).what, HasSubstr("not provably at power10"));
  EXPECT_THAT(failure(end).why, HasSubstr("0x0f000005"));
}

TEST_F(PartitionTest, ReportsALevelThatCannotBeReadAfterTheRun) {
  FakeKvm fake;
  fake.fail(abi::kGetOneReg, EFAULT, 3);  // after the reads before and after the setting
  EXPECT_THAT(failure(run(fake, plan("power10"))).what, HasSubstr("not provably at power10"));
}

}  // namespace
}  // namespace parley::machine
