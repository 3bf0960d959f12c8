// SPDX-License-Identifier: Apache-2.0
//
// The watchdog: which vCPUs are stalled, and which are idle or compute.
#include "machine/watchdog.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <thread>

#include "machine_fixture.hpp"

namespace parley::machine {
namespace {

Sample sample(std::uint64_t msr, int processor_milliseconds) {
  Sample taken;
  taken.regs.msr = msr;
  taken.processor_time = std::chrono::milliseconds(processor_milliseconds);
  return taken;
}

constexpr std::uint64_t kVirtualMode = 0x8000000000000020;

class StallDetectorTest : public ::testing::Test {
 protected:
  StallDetector::Verdict update(int second, std::uint64_t exits, std::optional<Sample> taken = {}) {
    return detector_.update(exits, taken, std::chrono::seconds(10), SteadyTime(std::chrono::seconds(second)));
  }
  StallDetector detector_;
};

TEST_F(StallDetectorTest, ReportsABusyVcpuInRealModeOnce) {
  EXPECT_EQ(update(0, 5), StallDetector::Verdict::kFine);
  EXPECT_EQ(update(9, 5), StallDetector::Verdict::kFine);
  EXPECT_EQ(update(10, 5), StallDetector::Verdict::kSampleNeeded);
  EXPECT_EQ(update(11, 5, sample(0, 1000)), StallDetector::Verdict::kSampleNeeded);
  EXPECT_EQ(update(12, 5, sample(0, 2000)), StallDetector::Verdict::kStalled);
  EXPECT_EQ(update(13, 5, sample(0, 3000)), StallDetector::Verdict::kFine);
  EXPECT_EQ(update(14, 6), StallDetector::Verdict::kFine);
  EXPECT_EQ(update(24, 6), StallDetector::Verdict::kSampleNeeded);
}

TEST_F(StallDetectorTest, DoesNotReportAnIdleVcpu) {
  update(0, 5);
  for (int second = 10; second < 30; ++second)
    EXPECT_NE(update(second, 5, sample(0, 100)), StallDetector::Verdict::kStalled);
}

TEST_F(StallDetectorTest, DoesNotReportAVcpuThatComputesWithTranslationOn) {
  update(0, 5);
  for (int second = 10; second < 30; ++second)
    EXPECT_NE(update(second, 5, sample(kVirtualMode, second * 1000)), StallDetector::Verdict::kStalled);
}

// As a kernel does that fills the hash table with calls that KVM answers.
TEST_F(StallDetectorTest, DoesNotReportAVcpuWhoseRegistersChange) {
  update(0, 5);
  for (int second = 10; second < 30; ++second) {
    Sample taken = sample(0, second * 1000);
    taken.regs.gpr[6] = static_cast<std::uint64_t>(second);
    EXPECT_NE(update(second, 5, taken), StallDetector::Verdict::kStalled);
  }
}

class WatchdogTest : public MachineTest {};

TEST_F(WatchdogTest, GivesTheAddressOfAVcpuThatMakesNoProgress) {
  FakeKvm fake;
  std::function<int(abi::Run &)> spin = [&](abi::Run &) {
    fake.play(spin);  // endlessly, at full speed
    return EINTR;
  };
  fake.play(spin);
  auto nowhere = plan("power10");
  nowhere.payload.entry = GuestAddress{0x40000000};
  auto machine = Machine::build({fake, devices()}, nowhere, observer()).value();
  std::jthread vcpu([&] { machine.run(); });
  std::vector<std::string> stalls;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (stalls.empty() && std::chrono::steady_clock::now() < deadline) {
    stalls = machine.check_progress(std::chrono::seconds(0));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  machine.stop();
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_THAT(stalls[0], HasSubstr("vCPU 0 runs outside RAM without leaving the guest, at pc=0x0000000040000000 (msr"));
}

// A report may block if the log has no reader. The thread that checks must still handle signals.
TEST_F(WatchdogTest, DoesNotWaitForAThreadThatIsBlockedInAReport) {
  FakeKvm fake;
  std::atomic<bool> reporting = false;
  std::atomic<bool> checked = false;
  Observer watching;
  watching.notice = [&](const Notice &) {
    reporting = true;
    while (!checked) std::this_thread::yield();
  };
  auto machine = Machine::build({fake, devices()}, plan("power10"), watching).value();
  std::jthread vcpu([&] { machine.run(); });
  while (!reporting) std::this_thread::yield();
  auto check = std::async(std::launch::async, [&] { machine.check_progress(std::chrono::seconds(0)); });
  EXPECT_EQ(check.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  checked = true;
}

}  // namespace
}  // namespace parley::machine
