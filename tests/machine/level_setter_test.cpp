// SPDX-License-Identifier: Apache-2.0
//
// The start of a guest at a level that the kernel accepts, marks as invalid, or refuses.
#include "machine/level_setter.hpp"

#include <cerrno>

#include "machine_fixture.hpp"

namespace parley::machine {
namespace {

class LevelSetterTest : public MachineTest {};

TEST_F(LevelSetterTest, DoesNotEnterTheGuestWhenTheKernelRefusesTheLevel) {
  FakeKvm fake{{.level = level("power9")}};
  const End end = run(fake, plan("power10"));
  EXPECT_TRUE(std::holds_alternative<LevelRefused>(end));
  EXPECT_THAT(fake.levels_entered(), IsEmpty());
  EXPECT_EQ(fake.times(abi::kRun), 0);
  EXPECT_THAT(failure(end).why,
              HasSubstr("cpu-version 0x0f000006; asked 0x0f000006: KVM_SET_ONE_REG arch_compat EINVAL"));
}

TEST_F(LevelSetterTest, RunsAForcedLevelThatTheKernelMarkedInvalidToGetTheAnswerOfKvmRun) {
  FakeKvm fake;
  auto forced = plan("power11");
  forced.forced = true;
  const End end = run(fake, forced);
  ASSERT_TRUE(std::holds_alternative<LevelRefused>(end));
  EXPECT_THAT(failure(end).what, HasSubstr("power11"));
  EXPECT_THAT(failure(end).why,
              HasSubstr("KVM_RUN EINVAL (Invalid argument), exit_reason 17, arch_compat reads back 0xffffffff"));
  EXPECT_THAT(failure(end).what_to_do, HasSubstr("legal here: power9 to power10"));
  EXPECT_EQ(fake.times(abi::kRun), 1);
  EXPECT_THAT(fake.levels_entered(), IsEmpty());
  ASSERT_EQ(notices_.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<LevelForced>(notices_[0]));
}

TEST_F(LevelSetterTest, ReportsEachAnswerOfTheKernelAndTheFailureOfKvmRun) {
  FakeKvm fake;
  auto forced = plan("power11");
  forced.forced = true;
  forced.fallbacks = {Target::of(level("power10"))};
  std::vector<kvm::SettingOutcome> settings;
  std::vector<kvm::RunFailureKind> failures;
  Observer watching = observer();
  watching.setting = [&](const kvm::LevelSetting &setting) { settings.push_back(setting.outcome); };
  watching.failure = [&](const kvm::RunFailure &failure) { failures.push_back(failure.kind); };
  auto machine = Machine::build({fake, devices()}, forced, watching);
  ASSERT_TRUE(machine);
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(machine->run()));
  EXPECT_THAT(settings, ElementsAre(kvm::SettingOutcome::kPoisoned, kvm::SettingOutcome::kTaken));
  EXPECT_THAT(failures, ElementsAre(kvm::RunFailureKind::kLevelInvalid));
}

TEST_F(LevelSetterTest, ReusesTheVcpuAfterKvmRunRefusedALevel) {
  FakeKvm fake;
  auto forced = plan("power11");
  forced.forced = true;
  forced.fallbacks = {Target::of(level("power10"))};
  const End end = run(fake, forced);
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(end));
  EXPECT_EQ(fake.times(abi::kCreateVcpu), 1);
  EXPECT_THAT(fake.levels_asked(), ElementsAre(kPower11, kPower10));
  EXPECT_THAT(fake.levels_entered(), ElementsAre(kPower10));
  ASSERT_EQ(notices_.size(), 3u);
  const auto &replaced = std::get<LevelReplaced>(notices_[1]);
  EXPECT_EQ(replaced.next, Target::of(level("power10")));
  EXPECT_THAT(replaced.evidence, HasSubstr("exit_reason 17"));
  EXPECT_TRUE(std::holds_alternative<LevelTaken>(notices_[2]));
}

TEST_F(LevelSetterTest, NeverRunsAForcedLevelThatTheKernelRefusedWithoutAMark) {
  FakeKvm fake;
  auto forced = plan("power8");
  forced.forced = true;
  EXPECT_TRUE(std::holds_alternative<LevelRefused>(run(fake, forced)));
  EXPECT_EQ(fake.times(abi::kRun), 0) << "the vCPU would have run raw";
}

TEST_F(LevelSetterTest, FallsBackThroughAllLevelsThatThePlanAllows) {
  FakeKvm fake{{.level = level("power9")}};
  auto falling = plan("power10");
  falling.fallbacks = {Target{LogicalPvr{0x0f000008}}, Target::of(level("power9"))};
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, falling)));
  EXPECT_THAT(fake.levels_entered(), ElementsAre(kPower9));
}

TEST_F(LevelSetterTest, NamesTheLastFallbackIfAllAreRefused) {
  FakeKvm fake{{.level = level("power9"), .grants_power9 = false}};
  auto falling = plan("power10");
  falling.fallbacks = {Target::of(level("power9"))};
  const End end = run(fake, falling);
  ASSERT_TRUE(std::holds_alternative<LevelRefused>(end));
  EXPECT_THAT(failure(end).what, HasSubstr("power9"));
}

TEST_F(LevelSetterTest, DoesNotMistakeAFailedCallForARefusal) {
  const struct {
    std::uint32_t call;
    int error;
    int nth;
  } failures[] = {{abi::kGetOneReg, EIO, 2}, {abi::kEnableCap, EPERM, 1}, {abi::kSetOneReg, EFAULT, 1}};
  for (const auto &[call, error, nth] : failures) {
    FakeKvm fake;
    fake.fail(call, error, nth);
    auto falling = plan("power10");
    falling.fallbacks = {Target::of(level("power9"))};
    EXPECT_TRUE(std::holds_alternative<RunFailed>(run(fake, falling))) << call;
    EXPECT_THAT(notices_, IsEmpty());
  }
}

// --- On its own

// Plays the outcomes one after the other, and remembers the levels.
class PlayedOutcomes {
 public:
  explicit PlayedOutcomes(std::vector<kvm::SettingOutcome> outcomes) : outcomes_(std::move(outcomes)) {}
  kvm::LevelSetting operator()(LogicalPvr level) {
    asked.push_back(level.value);
    kvm::LevelSetting setting;
    setting.asked = level;
    setting.outcome = outcomes_[asked.size() - 1];
    return setting;
  }
  std::vector<std::uint32_t> asked;

 private:
  std::vector<kvm::SettingOutcome> outcomes_;
};

TEST_F(LevelSetterTest, ContinuesBehindTheLastLevelItTried) {
  auto falling = plan("power11");
  falling.fallbacks = {Target::of(level("power10")), Target::of(level("power9"))};
  PlayedOutcomes kernel({kvm::SettingOutcome::kTaken, kvm::SettingOutcome::kRefused, kvm::SettingOutcome::kTaken});
  const Observer watching = observer();
  LevelSetter levels(falling, watching, std::ref(kernel));
  EXPECT_EQ(levels.set_first(), Target::of(level("power11")));
  EXPECT_EQ(levels.set_next("KVM_RUN failed"), Target::of(level("power9")));
  EXPECT_THAT(kernel.asked, ElementsAre(kPower11, kPower10, kPower9));
  ASSERT_EQ(notices_.size(), 4u);
  EXPECT_THAT(std::get<LevelReplaced>(notices_[1]).evidence, HasSubstr("KVM_RUN failed"));
}

TEST_F(LevelSetterTest, DoesNotKeepAnInvalidLevelThatWasNotForced) {
  const auto single = plan("power11");
  PlayedOutcomes kernel({kvm::SettingOutcome::kPoisoned});
  const Observer watching = observer();
  LevelSetter levels(single, watching, std::ref(kernel));
  const auto refused = levels.set_first();
  ASSERT_FALSE(refused);
  EXPECT_TRUE(std::holds_alternative<LevelRefused>(refused.error()));
  EXPECT_THAT(notices_, IsEmpty());
}

}  // namespace
}  // namespace parley::machine
