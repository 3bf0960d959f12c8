// SPDX-License-Identifier: Apache-2.0
//
// How processors start, stop and reach each other while they run.
#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "calling_guest.hpp"

namespace parley::machine {
namespace {

class ProcessorsTest : public CallingGuestTest {};

// --- Start and stop

TEST_F(ProcessorsTest, StartsAProcessorAtTheGivenAddressWithTheGivenArgument) {
  FakeKvm fake;
  std::atomic<bool> ran = false;
  std::uint32_t answer = 1;
  fake.play_on(1, then([&] { ran = true; }));
  fake.play(fake.rtas("start-cpu", {1, 0x2000, 7}, 1));
  fake.play(then([&] {
    answer = result(fake, 3, 0);
    while (!ran) std::this_thread::yield();
  }));
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, two_processor_plan())));
  EXPECT_EQ(answer, 0u);
  EXPECT_EQ(fake.regs(1).pc, 0x2000u);
  EXPECT_EQ(fake.regs(1).gpr[3], 7u);
  EXPECT_EQ(fake.regs(1).msr, 0x8000000000001000u);
  EXPECT_EQ(fake.arch_compat(1), kPower10);
}

TEST_F(ProcessorsTest, ReportsWhetherEachProcessorIsStopped) {
  FakeKvm fake;
  std::vector<std::uint32_t> answers;
  const auto remember = then([&] { answers.insert(answers.end(), {result(fake, 1, 0), result(fake, 1, 1)}); });
  for (const std::uint32_t id : {0u, 1u, 2u}) {
    fake.play(fake.rtas("query-cpu-stopped-state", {id}, 2));
    fake.play(remember);
  }
  run(fake, two_processor_plan());
  EXPECT_THAT(answers, ElementsAre(0, 2, 0, 0, 0xfffffffd, ::testing::_));
}

TEST_F(ProcessorsTest, RefusesToStartARunningOrAnUnknownProcessor) {
  FakeKvm fake;
  std::vector<std::uint32_t> answers;
  for (const std::uint32_t id : {0u, 2u}) {
    fake.play(fake.rtas("start-cpu", {id, 0x2000, 0}, 1));
    fake.play(then([&] { answers.push_back(result(fake, 3, 0)); }));
  }
  run(fake, two_processor_plan());
  EXPECT_THAT(answers, ElementsAre(0xffffffff, 0xfffffffd));
}

TEST_F(ProcessorsTest, RestartsAProcessorThatStoppedItself) {
  FakeKvm fake;
  std::atomic<int> lives = 0;
  for (int i = 0; i < 2; ++i) {
    fake.play_on(1, then([&] { ++lives; }));
    fake.play_on(1, fake.rtas("stop-self", {}, 1, FakeKvm::kSecondRtasBlock));
  }
  for (int i = 1; i <= 2; ++i) {
    // Like Linux, it polls the processor's state until the processor has stopped.
    std::function<int(abi::Run &)> wait = [&, i](abi::Run &page) {
      if (lives < i) return says(".")(page);
      return fake.rtas("query-cpu-stopped-state", {1}, 2)(page);
    };
    fake.play(fake.rtas("start-cpu", {1, 0x2000u * static_cast<std::uint32_t>(i), 0}, 1));
    for (int tries = 0; tries < 200; ++tries) {
      fake.play([wait](abi::Run &page) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return wait(page);
      });
    }
  }
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, two_processor_plan())));
  EXPECT_EQ(lives, 2);
  EXPECT_EQ(fake.regs(1).pc, 0x4000u);
}

TEST_F(ProcessorsTest, EndsAllProcessorsWhenOneEndsTheGuest) {
  FakeKvm fake;
  fake.play(fake.rtas("start-cpu", {1, 0x2000, 0}, 1));  // it stays in the guest
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, two_processor_plan())));
  EXPECT_EQ(fake.open_descriptors(), 0u);
}

TEST_F(ProcessorsTest, EndsAGuestThatStopsItsLastProcessor) {
  FakeKvm fake;
  fake.play(fake.rtas("stop-self", {}, 1));
  EXPECT_THAT(failure(run(fake, two_processor_plan())).what, HasSubstr("stopped its last vCPU"));
}

TEST_F(ProcessorsTest, EndsAGuestWhoseLastProcessorsStopAtTheSameTime) {
  for (int i = 0; i < 100; ++i) {
    FakeKvm fake;
    std::atomic<int> here = 0;
    const auto meet = then([&] {
      ++here;
      while (here < 2) std::this_thread::yield();
    });
    fake.play(fake.rtas("start-cpu", {1, 0x2000, 0}, 1));
    fake.play(meet);
    fake.play(fake.rtas("stop-self", {}, 1));
    fake.play_on(1, meet);
    fake.play_on(1, fake.rtas("stop-self", {}, 1, FakeKvm::kSecondRtasBlock));
    EXPECT_THAT(failure(run(fake, two_processor_plan())).what, HasSubstr("stopped its last vCPU"));
  }
}

// --- Interrupt modes

TEST_F(ProcessorsTest, SetsTheInterruptModesOfAllProcessors) {
  constexpr std::uint64_t kInterruptsLittleEndian = 0x2000000;
  constexpr std::uint64_t kInterruptLocation = 0x1800000;
  FakeKvm fake;
  fake.play(hcall(0x31c, {1, 4, 0, 0}));
  fake.play(hcall(0x31c, {3, 3, 0, 0}));
  run(fake, two_processor_plan());
  EXPECT_THAT(fake.answers(), ElementsAre(0, 0));
  for (const std::uint32_t id : {0u, 1u}) EXPECT_EQ(fake.lpcr(id), kInterruptsLittleEndian | kInterruptLocation);
}

TEST_F(ProcessorsTest, SetsTheModeOfAProcessorThatIsInTheGuest) {
  FakeKvm fake;
  fake.play(fake.rtas("start-cpu", {1, 0x2000, 0}, 1));
  fake.play(hcall(0x31c, {1, 4, 0, 0}));
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, two_processor_plan())));
  EXPECT_EQ(fake.lpcr(1), 0x2000000u);
}

}  // namespace
}  // namespace parley::machine
