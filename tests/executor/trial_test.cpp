// SPDX-License-Identifier: Apache-2.0
#include "parley/executor/trial.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "executor/cells.hpp"
#include "session/reference_host.hpp"

namespace parley::executor {
namespace {

using matrix::Verdict;
using parley::testing::cell;
using parley::testing::FakeKvm;
using parley::testing::kPower10;
using parley::testing::kPower11;
using parley::testing::play_hello;
using parley::testing::reference_host;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

matrix::Cell try_it(const std::string &name, FakeKvm &fake, std::chrono::seconds limit = std::chrono::seconds(60)) {
  guest::GuestRequest request;
  request.memory_size = guest::kMinMemory;
  request.payload = guest::builtin_payload();
  const auto host = reference_host(fake);
  return try_cell(cell(name), host, {matrix::Guest::kBuiltin, std::move(request), limit}, fake);
}

TEST(ACell, RecordsEveryFactOfAGuestThatRan) {
  FakeKvm fake;
  play_hello(fake);
  const auto done = try_it(kPower10, fake);
  EXPECT_EQ(done.judgement.verdict, Verdict::kWorks) << done.judgement.reason;
  ASSERT_TRUE(done.observed && done.observed->set && done.observed->run && done.observed->seen);
  EXPECT_EQ(done.observed->set->readback, LogicalPvr{0x0f000006});
  EXPECT_EQ(done.observed->run->outcome, matrix::RunOutcome::kEnded);
  EXPECT_EQ(done.observed->seen->cpu_version, 0x0f000006u);
  EXPECT_EQ(fake.open_descriptors(), 0u);
}

TEST(ACell, AsksTheKernelForARefusedLevelOnlyIfItIsForced) {
  FakeKvm fake;
  const auto refused = try_it("host.power11.compat.power10.guest.power11", fake);
  EXPECT_EQ(refused.judgement.verdict, Verdict::kRefused);
  EXPECT_FALSE(refused.observed->set);
  EXPECT_THAT(fake.levels_asked(), IsEmpty());
  const auto forced = try_it(kPower11, fake);
  EXPECT_EQ(forced.observed->set->outcome, host::TrialOutcome::kPoisoned);
  EXPECT_EQ(forced.observed->run->failure, "level-invalid");
}

TEST(ACell, IsNotTriedIfNoHostCouldTryIt) {
  FakeKvm fake;
  const auto done = try_it("host.power11.compat.power10.guest.power8.linux.forced", fake);
  EXPECT_EQ(done.judgement.verdict, Verdict::kNotApplicable);
  EXPECT_THAT(fake.levels_asked(), IsEmpty());
}

TEST(ACell, IsASurpriseIfItsGuestPanicsRebootsFailsOrTakesTooLong) {
  FakeKvm panics;
  panics.play(panics.rtas("ibm,os-term", {0}, 1));
  EXPECT_THAT(try_it(kPower10, panics).observed->run->evidence, HasSubstr("panicked"));

  FakeKvm fails;
  fails.play(parley::testing::fails(EFAULT));
  const auto failed = try_it(kPower10, fails);
  EXPECT_EQ(failed.judgement.disagrees, matrix::Fact::kRun);
  EXPECT_THAT(failed.judgement.reason, HasSubstr("EFAULT"));

  FakeKvm spins;
  // This guest runs until it is interrupted.
  spins.play([](kvm::abi::Run &page) {
    while (std::atomic_ref(page.immediate_exit).load() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return EINTR;
  });
  const auto late = try_it(kPower10, spins, std::chrono::seconds(0));
  EXPECT_EQ(late.observed->run->outcome, matrix::RunOutcome::kTimedOut);
  EXPECT_EQ(late.judgement.disagrees, matrix::Fact::kRun);

  FakeKvm reboots;
  reboots.play(reboots.rtas("system-reboot", {}, 1));
  EXPECT_THAT(try_it(kPower10, reboots).judgement.reason, HasSubstr("rebooted"));

  FakeKvm poor;
  reference_host(poor);
  poor.fail(kvm::abi::kCreateVm, ENOMEM, 3);  // the first two are the probe's
  EXPECT_THAT(try_it(kPower10, poor).judgement.reason, HasSubstr("ENOMEM"));
}

}  // namespace
}  // namespace parley::executor
