// SPDX-License-Identifier: Apache-2.0
//
// The meaning of a failed KVM_RUN: a refusal of the level, or a guest that ended for another reason.
#include "machine/run_failure.hpp"

#include <cerrno>

#include "machine_fixture.hpp"

namespace parley::machine {
namespace {

class RunFailureTest : public MachineTest {};

// --- Refusals of the level

// PowerVM under a kernel without the fix accepts the level, and refuses it only when the guest is entered.
TEST_F(RunFailureTest, ReplacesALevelThatTheHypervisorRefusesLate) {
  FakeKvm fake{{.fixed = false, .hypervisor_checks = true}};
  auto late = plan("power11");
  late.forced = true;
  late.fallbacks = {Target::of(level("power10"))};
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, late)));
  EXPECT_THAT(fake.levels_entered(), ElementsAre(kPower10));
}

TEST_F(RunFailureTest, TreatsAFailedEntryAtALevelAboveTheHostAsARefusal) {
  FakeKvm fake{{.fixed = false, .hypervisor_checks = true}};
  auto late = plan("power11");
  late.forced = true;
  const End end = run(fake, late);
  ASSERT_TRUE(std::holds_alternative<LevelRefused>(end));
  EXPECT_THAT(failure(end).why, HasSubstr("0xffffffffffffffea"));
}

// An illegal instruction under an emulated hypervisor fails in the same way.
TEST_F(RunFailureTest, DoesNotTreatAFailedEntryAtALegalLevelAsARefusal) {
  FakeKvm fake;
  fake.play(fails(0, abi::kExitUnknown, static_cast<std::uint64_t>(-EINVAL)));
  auto falling = plan("power10");
  falling.fallbacks = {Target::of(level("power9"))};
  const End end = run(fake, falling);
  ASSERT_TRUE(std::holds_alternative<RunFailed>(end));
  EXPECT_THAT(failure(end).what, HasSubstr("the hypervisor refused to enter the guest"));
  EXPECT_THAT(fake.levels_asked(), ElementsAre(kPower10));
}

TEST_F(RunFailureTest, DoesNotRestartAGuestThatHasRun) {
  FakeKvm fake;
  fake.play(says("I ran"));
  fake.play(fails(0, abi::kExitUnknown, static_cast<std::uint64_t>(-EINVAL)));
  auto falling = plan("power10");
  falling.fallbacks = {Target::of(level("power9"))};
  EXPECT_TRUE(std::holds_alternative<RunFailed>(run(fake, falling)));
  EXPECT_THAT(fake.levels_asked(), ElementsAre(kPower10));
}

TEST_F(RunFailureTest, IsARefusalOnlyIfNoGuestRanAndTheLevelIsAboveTheHosts) {
  kvm::RunFailure failure;
  failure.kind = kvm::RunFailureKind::kLateRefusal;
  FailedRun run{failure, VcpuId{0}, {}, false, Target::of(level("power11")), level("power10")};
  EXPECT_TRUE(is_level_refusal(run));
  run.guest_ran = true;
  EXPECT_FALSE(is_level_refusal(run));
  run.guest_ran = false;
  run.level = Target::of(level("power10"));
  EXPECT_FALSE(is_level_refusal(run)) << "the host's own level";
  run.level = Target::raw();
  EXPECT_FALSE(is_level_refusal(run)) << "raw sets no level";
  run.level = Target::of(level("power11"));
  run.host_level.reset();
  EXPECT_FALSE(is_level_refusal(run)) << "the host's level is unknown";
}

// --- Guests that ended for another reason

TEST_F(RunFailureTest, GivesTheInstructionOfAGuestThatTheHypervisorEnded) {
  FakeKvm fake;
  fake.play(says("I ran"));
  fake.play([&](abi::Run &page) {
    fake.move_to(8);
    return fails(0, abi::kExitUnknown, static_cast<std::uint64_t>(-EINVAL))(page);
  });
  const End end = run(fake, plan("power10"));
  EXPECT_EQ(failure(end).what, "the hypervisor ended the guest while it ran");
  EXPECT_THAT(
      failure(end).why,
      HasSubstr("the level was taken and the guest ran; vCPU 0 stood at pc=0x0000000000000008, instruction 0x"));
  EXPECT_THAT(failure(end).what_to_do, ::testing::Not(HasSubstr("lower")));
}

// The same holds after the first exit, and at any level.
TEST_F(RunFailureTest, KnowsFromThePcThatTheGuestRanBeforeItsFirstExit) {
  FakeKvm fake{{.fixed = false}};
  fake.play([&](abi::Run &page) {
    fake.move_to(0x100);
    return fails(0, abi::kExitUnknown, static_cast<std::uint64_t>(-EINVAL))(page);
  });
  auto forced = plan("power11");
  forced.forced = true;
  forced.fallbacks = {Target::of(level("power10"))};
  const End end = run(fake, forced);
  EXPECT_THAT(failure(end).what, HasSubstr("while it ran"));
  EXPECT_THAT(failure(end).what_to_do, ::testing::Not(HasSubstr("lower")));
  EXPECT_THAT(fake.levels_asked(), ElementsAre(kPower11)) << "the guest is not restarted";
}

TEST_F(RunFailureTest, DoesNotMentionALevelForARawGuest) {
  for (const std::uint64_t pc : {0u, 8u}) {
    FakeKvm fake;
    fake.play([&](abi::Run &page) {
      fake.move_to(pc);
      return fails(0, abi::kExitUnknown, static_cast<std::uint64_t>(-EINVAL))(page);
    });
    auto raw = plan("power10");
    raw.level = Target::raw();
    const End end = run(fake, raw);
    EXPECT_THAT(failure(end).why, HasSubstr("vCPU 0 stood at pc="));
    EXPECT_THAT(failure(end).why, ::testing::Not(HasSubstr("the level")));
  }
}

TEST_F(RunFailureTest, EndsTheGuestWithAMessageOfItsOwnForEachOtherFailure) {
  const struct {
    int error;
    std::optional<std::uint32_t> reason;
    const char *sentence;
  } cases[] = {{EIO, {}, "another process"},
               {EFAULT, 0, "cannot access the memory"},
               {ENOMEM, {}, "out of memory"},
               {EINVAL, {}, "rejected the call"},
               {0, abi::kExitFailEntry, "refused to enter"},
               {0, abi::kExitInternalError, "hypervisor mode"},
               {0, abi::kExitNmi, "machine check"}};
  for (const auto &expected : cases) {
    FakeKvm fake;
    fake.play(fails(expected.error, expected.reason));
    const End end = run(fake, plan("power10"));
    ASSERT_TRUE(std::holds_alternative<RunFailed>(end)) << expected.sentence;
    EXPECT_THAT(failure(end).what, HasSubstr(expected.sentence));
  }
}

}  // namespace
}  // namespace parley::machine
