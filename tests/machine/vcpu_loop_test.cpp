// SPDX-License-Identifier: Apache-2.0
//
// The exits of a vCPU and their answers: hypercalls, loads and stores, interruptions, retries.
#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include "calling_guest.hpp"

namespace parley::machine {
namespace {

class VcpuLoopTest : public CallingGuestTest {};

// --- Hypercalls

TEST_F(VcpuLoopTest, AnswersAnUnknownHcallWithHFunctionAndContinues) {
  FakeKvm fake;
  std::uint64_t status = 0;
  fake.play(hcall(0x4711 * 4, {}));
  fake.play([&](abi::Run &page) {
    status = page.papr_hcall.ret;
    return says("still here")(page);
  });
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, plan("power10"))));
  EXPECT_EQ(static_cast<std::int64_t>(status), -2);
  EXPECT_EQ(console(), "still here");
}

TEST_F(VcpuLoopTest, AnswersUnreadableRtasArgumentsWithHParameterAndContinues) {
  FakeKvm fake;
  std::uint64_t status = 0;
  fake.play(fails(EFAULT, abi::kExitPaprHcall));
  fake.play([&](abi::Run &page) {
    status = page.papr_hcall.ret;
    return says("x")(page);
  });
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, plan("power10"))));
  EXPECT_EQ(static_cast<std::int64_t>(status), -4);
}

TEST_F(VcpuLoopTest, MakesTheGuestWaitForASlowReaderAndLosesNoOutput) {
  FakeKvm fake;
  const std::string full(devices::Vty::kOutputLimit, 'x');
  ASSERT_TRUE(vty().write(full));
  fake.play(says("end"));
  std::jthread reader([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(vty().take_output(full.size()), full);
  });
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, two_processor_plan())));
  reader.join();
  EXPECT_EQ(console(), "end");
}

TEST_F(VcpuLoopTest, AnswersAnIndependentCallWhileAnotherVcpuHoldsTheLock) {
  FakeKvm fake;
  std::atomic<bool> waiting = false;
  std::atomic<bool> printed = false;
  const auto wait_for = [](const std::atomic<bool> &event) {
    for (int tries = 0; !event && tries < 10'000; ++tries) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return event.load();
  };
  fake.play_on(1, [&](abi::Run &page) {
    EXPECT_TRUE(wait_for(waiting));
    return says("meanwhile")(page);
  });
  fake.play_on(1, then([&] { printed = true; }));
  fake.play(fake.rtas("start-cpu", {1, 0x2000, 0}, 1));
  negotiates(fake, {kPower10});  // refused, because another processor runs; reported under the lock
  Observer watching;
  watching.notice = [&](const Notice &notice) {
    if (!std::holds_alternative<NegotiationOutcome>(notice)) return;
    waiting = true;
    EXPECT_TRUE(wait_for(printed));
  };
  auto machine = Machine::build({fake, devices()}, two_processor_plan(), watching);
  ASSERT_TRUE(machine);
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(machine->run()));
  EXPECT_THAT(console(), ::testing::StartsWith("meanwhile"));
}

// --- Loads and stores

TEST_F(VcpuLoopTest, AnswersALoadFromAnUnusedAddressWithOnes) {
  FakeKvm fake;
  std::uint8_t loaded = 0;
  fake.play(testing::load(0x1000000, 8));
  fake.play([&](abi::Run &page) {
    loaded = page.mmio.data[7];
    return says("x")(page);
  });
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, plan("power10"))));
  EXPECT_EQ(loaded, 0xff);
}

// Keeps the last store, and answers a load with bytes that count up from its offset plus 1.
class Register : public devices::MmioDevice {
 public:
  void load(std::uint64_t offset, std::span<std::byte> into) override {
    for (std::size_t i = 0; i < into.size(); ++i) into[i] = static_cast<std::byte>(offset + i + 1);
  }
  void store(std::uint64_t offset, ByteView from) override {
    offset_ = offset;
    stored_.assign(from.begin(), from.end());
  }
  std::uint64_t offset_ = 0;
  Bytes stored_;
};

parley::testing::PlayedExit access(std::uint64_t at, std::uint32_t length, std::optional<std::uint64_t> stored = {}) {
  return [=](abi::Run &run) {
    run.exit_reason = abi::kExitMmio;
    run.mmio.phys_addr = at;
    run.mmio.len = length;
    run.mmio.is_write = stored ? 1 : 0;
    if (stored) store_be(std::as_writable_bytes(std::span(run.mmio.data)), *stored);
    return 0;
  };
}

TEST_F(VcpuLoopTest, PassesLoadsAndStoresToTheDeviceAtTheirAddress) {
  FakeKvm fake;
  auto plan = two_processor_plan();
  Register reg;
  constexpr std::uint64_t kAt = 0x200080000000;
  auto with_register = devices::Devices::build(plan.devices, {}, {{kAt, 0x1000, &reg}}).value();
  std::vector<std::array<std::uint8_t, 4>> loaded;
  const auto after = [&](std::uint64_t at) {
    fake.play(access(at, 4));
    fake.play([&](abi::Run &run) {
      loaded.push_back({run.mmio.data[0], run.mmio.data[1], run.mmio.data[2], run.mmio.data[3]});
      run.exit_reason = abi::kExitIntr;
      return 0;
    });
  };
  after(kAt + 0x10);
  after(kAt + 0xffe);  // across the end of the range: no device decodes it
  after(0x300000000000);
  fake.play(access(kAt + 8, 2, 0xabcd000000000000));
  auto machine = Machine::build({fake, with_register}, std::move(plan), observer());
  ASSERT_TRUE(machine) << machine.error().why;
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(machine->run()));
  using Four = std::array<std::uint8_t, 4>;
  constexpr Four kNoDevice{0xff, 0xff, 0xff, 0xff};
  EXPECT_THAT(loaded, ElementsAre(Four{0x11, 0x12, 0x13, 0x14}, kNoDevice, kNoDevice));
  EXPECT_EQ(reg.offset_, 8u);
  EXPECT_THAT(reg.stored_, ElementsAre(std::byte{0xab}, std::byte{0xcd}));
}

// --- KVM_RUN that returns early

TEST_F(VcpuLoopTest, ContinuesAfterAnInterruption) {
  FakeKvm fake;
  for (int i = 0; i < 100; ++i) fake.play(fails(EINTR, abi::kExitIntr));
  fake.play(says("on"));
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, plan("power10"))));
  EXPECT_EQ(console(), "on");
}

TEST_F(VcpuLoopTest, RetriesWhenTheKernelAsksForItButNotEndlessly) {
  FakeKvm patient;
  for (int i = 0; i < 100; ++i) patient.play(fails(EAGAIN));
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(patient, plan("power10"))));
  FakeKvm endless;
  for (int i = 0; i < 5000; ++i) endless.play(fails(EAGAIN));
  EXPECT_THAT(failure(run(endless, plan("power10"))).what, HasSubstr("keeps returning EAGAIN"));
}

}  // namespace
}  // namespace parley::machine
