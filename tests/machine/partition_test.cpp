// SPDX-License-Identifier: Apache-2.0
//
// What a guest asks of its machine while it runs: processors, interrupts, translation, its level.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <sstream>
#include <thread>

#include "machine/watchdog.hpp"
#include "machine_fixture.hpp"
#include "parley/base/file.hpp"
#include "parley/papr/hcall.hpp"

namespace parley::machine {
namespace {

constexpr std::uint64_t kClientInterface = papr::kHcallClientInterface;
constexpr std::uint64_t kArguments = 0x9000;  // of a client interface call
constexpr std::uint64_t kTexts = 0x9100;
constexpr std::uint64_t kVector = 0xa000;

class PartitionTest : public MachineTest {
 protected:
  guest::MachinePlan two_processors() {
    auto two = plan("power10");
    two.processors = 2;
    two.boot = guest::BootKind::kClientInterface;
    two.offer.targets = {Target::of(level("power10")), Target::of(level("power9"))};
    return two;
  }
  // The result of an RTAS call that was played before.
  static std::uint32_t result(const FakeKvm &fake, std::size_t arguments, std::size_t index) {
    return load_be<std::uint32_t>(fake.ram().subspan(FakeKvm::kRtasBlock + 4 * (3 + arguments + index)));
  }
  // An exit that does something, and then says a letter.
  template <typename Action>
  static parley::testing::PlayedExit then(Action action) {
    return [action](abi::Run &page) {
      action();
      return says(".")(page);
    };
  }
  void put(FakeKvm &fake, std::uint64_t at, const std::vector<std::uint32_t> &cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) store_be(fake.ram().subspan(at + 4 * i), cells[i]);
  }
  // A client interface call whose first argument is a text.
  parley::testing::PlayedExit service(FakeKvm &fake, std::string name, std::string text,
                                      std::vector<std::uint32_t> more, std::uint32_t results) {
    return [=, &fake, this](abi::Run &page) {
      std::string texts = name;
      texts.resize(0x40);
      texts += text;
      texts += '\0';
      std::ranges::copy(std::as_bytes(std::span(texts)), fake.ram().begin() + kTexts);
      std::vector<std::uint32_t> block{kTexts, static_cast<std::uint32_t>(more.size() + 1), results, kTexts + 0x40};
      block.insert(block.end(), more.begin(), more.end());
      put(fake, kArguments, block);
      return hcall(kClientInterface, {kArguments})(page);
    };
  }
  // A guest that lists those levels.
  void negotiates(FakeKvm &fake, std::vector<std::uint32_t> levels) {
    fake.play(service(fake, "open", "/", {}, 1));
    fake.play([=, &fake, this](abi::Run &page) {
      const std::uint32_t root = load_be<std::uint32_t>(fake.ram().subspan(kArguments + 16));
      std::vector<std::uint32_t> list;
      for (const std::uint32_t value : levels) list.insert(list.end(), {0xffffffff, value});
      list.insert(list.end(), {0xfffffffe, 0x0f000001, 0});  // the end, as Linux has it; one vector of one byte
      put(fake, kVector, list);
      return service(fake, "call-method", "ibm,client-architecture-support", {root, kVector}, 2)(page);
    });
  }
  std::vector<std::uint32_t> call_method_results(const FakeKvm &fake) {
    return {load_be<std::uint32_t>(fake.ram().subspan(kArguments + 24)),
            load_be<std::uint32_t>(fake.ram().subspan(kArguments + 28))};
  }
  const NegotiationOutcome &outcome() const { return std::get<NegotiationOutcome>(notices_.back()); }
};

// --- Processors

TEST_F(PartitionTest, StartsASecondProcessorWhereAndWithWhatTheGuestSays) {
  FakeKvm fake;
  std::atomic<bool> ran = false;
  std::uint32_t answer = 1;
  fake.play_on(1, then([&] { ran = true; }));
  fake.play(fake.rtas("start-cpu", {1, 0x2000, 7}, 1));
  fake.play(then([&] {
    answer = result(fake, 3, 0);
    while (!ran) std::this_thread::yield();
  }));
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, two_processors())));
  EXPECT_EQ(answer, 0u);
  EXPECT_EQ(fake.regs(1).pc, 0x2000u);
  EXPECT_EQ(fake.regs(1).gpr[3], 7u);
  EXPECT_EQ(fake.regs(1).msr, 0x8000000000001000u);
  EXPECT_EQ(fake.arch_compat(1), kPower10);
}

TEST_F(PartitionTest, AnswersOneThatPrintsWhileAnotherWaitsForItsAnswer) {
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
  negotiates(fake, {kPower10});  // which is refused, as another one runs, and told of before it is answered
  Observer watching;
  watching.notice = [&](const Notice &notice) {
    if (!std::holds_alternative<NegotiationOutcome>(notice)) return;
    waiting = true;
    EXPECT_TRUE(wait_for(printed));
  };
  auto machine = Machine::build({fake, devices()}, two_processors(), watching);
  ASSERT_TRUE(machine);
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(machine->run()));
  EXPECT_THAT(console(), ::testing::StartsWith("meanwhile"));
}

TEST_F(PartitionTest, SaysOfEachProcessorWhetherItIsStopped) {
  FakeKvm fake;
  std::vector<std::uint32_t> answers;
  const auto remember = then([&] { answers.insert(answers.end(), {result(fake, 1, 0), result(fake, 1, 1)}); });
  for (const std::uint32_t id : {0u, 1u, 2u}) {
    fake.play(fake.rtas("query-cpu-stopped-state", {id}, 2));
    fake.play(remember);
  }
  run(fake, two_processors());
  EXPECT_THAT(answers, ElementsAre(0, 2, 0, 0, 0xfffffffd, ::testing::_));
}

TEST_F(PartitionTest, RefusesToStartARunningProcessorAndOneThatIsNotThere) {
  FakeKvm fake;
  std::vector<std::uint32_t> answers;
  for (const std::uint32_t id : {0u, 2u}) {
    fake.play(fake.rtas("start-cpu", {id, 0x2000, 0}, 1));
    fake.play(then([&] { answers.push_back(result(fake, 3, 0)); }));
  }
  run(fake, two_processors());
  EXPECT_THAT(answers, ElementsAre(0xffffffff, 0xfffffffd));
}

TEST_F(PartitionTest, StartsAProcessorAgainThatStoppedItself) {
  FakeKvm fake;
  std::atomic<int> lives = 0;
  for (int i = 0; i < 2; ++i) {
    fake.play_on(1, then([&] { ++lives; }));
    fake.play_on(1, fake.rtas("stop-self", {}, 1, FakeKvm::kSecondRtasBlock));
  }
  for (int i = 1; i <= 2; ++i) {
    // As Linux does: until the processor says that it has stopped, it is asked again.
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
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, two_processors())));
  EXPECT_EQ(lives, 2);
  EXPECT_EQ(fake.regs(1).pc, 0x4000u);
}

TEST_F(PartitionTest, EndsAllProcessorsWhenOneEndsTheGuest) {
  FakeKvm fake;
  fake.play(fake.rtas("start-cpu", {1, 0x2000, 0}, 1));  // and that one stays in the guest
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, two_processors())));
  EXPECT_EQ(fake.open_descriptors(), 0u);
}

TEST_F(PartitionTest, EndsAGuestThatStopsItsLastProcessor) {
  FakeKvm fake;
  fake.play(fake.rtas("stop-self", {}, 1));
  EXPECT_THAT(failure(run(fake, two_processors())).what, HasSubstr("stopped its last vCPU"));
}

TEST_F(PartitionTest, EndsAGuestWhoseLastProcessorsStopAtTheSameTime) {
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
    EXPECT_THAT(failure(run(fake, two_processors())).what, HasSubstr("stopped its last vCPU"));
  }
}

// --- Interrupts and translation

TEST_F(PartitionTest, TurnsTheInterruptsOfAllProcessorsAround) {
  constexpr std::uint64_t kInterruptsLittleEndian = 0x2000000;
  constexpr std::uint64_t kInterruptLocation = 0x1800000;
  FakeKvm fake;
  fake.play(hcall(0x31c, {1, 4, 0, 0}));
  fake.play(hcall(0x31c, {3, 3, 0, 0}));
  run(fake, two_processors());
  EXPECT_THAT(fake.answers(), ElementsAre(0, 0));
  for (const std::uint32_t id : {0u, 1u}) EXPECT_EQ(fake.lpcr(id), kInterruptsLittleEndian | kInterruptLocation);
}

TEST_F(PartitionTest, ChangesAProcessorThatIsInTheGuestToo) {
  FakeKvm fake;
  fake.play(fake.rtas("start-cpu", {1, 0x2000, 0}, 1));
  fake.play(hcall(0x31c, {1, 4, 0, 0}));
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, two_processors())));
  EXPECT_EQ(fake.lpcr(1), 0x2000000u);
}

TEST_F(PartitionTest, RegistersTheProcessTable) {
  FakeKvm fake;
  fake.play(hcall(0x37c, {0x1d, 0x10000, 0, 12}));
  run(fake, two_processors());
  EXPECT_EQ(fake.process_table(), 0x8000000000010000u | 12);
}

TEST_F(PartitionTest, TellsWhatKvmKnowsOfTheProcessor) {
  FakeKvm fake;
  std::uint64_t character = 0;
  fake.play(hcall(0x1c8, {}));
  fake.play([&](abi::Run &page) {
    character = page.papr_hcall.args[0];
    return says(".")(page);
  });
  run(fake, two_processors());
  EXPECT_EQ(character, 0xf0fu);
}

TEST_F(PartitionTest, InterruptsTheGuestWhenItHasInput) {
  FakeKvm fake;
  fake.play(then([&] { vty().feed("x"); }));
  run(fake, two_processors());
  EXPECT_THAT(fake.pulses(), ElementsAre(0x1100));
}

TEST_F(PartitionTest, GivesEachTerminalAnInterruptOfItsOwn) {
  FakeKvm fake;
  auto plan = two_processors();
  plan.interrupts = {};
  plan.devices = devices::usual_devices(2, plan.interrupts);
  auto both = devices::Devices::build(plan.devices).value();
  const std::uint32_t second = both.terminals()[1].spec.unit;
  fake.play(then([&] { both.terminal(second)->feed("x"); }));
  fake.play(hcall(0x58, {second, 2, 0x6869000000000000, 0}));  // H_PUT_TERM_CHAR "hi"
  fake.play(says("first"));
  auto machine = Machine::build({fake, both}, std::move(plan), observer());
  ASSERT_TRUE(machine) << machine.error().why;
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(machine->run()));
  EXPECT_THAT(fake.pulses(), ElementsAre(0x1101));
  EXPECT_EQ(both.terminals()[0].vty->take_output(100), ".first") << "with the dot of then()";
  EXPECT_EQ(both.terminals()[1].vty->take_output(100), "hi");
}

// Remembers the last store, and answers loads with 1, 2, 3…
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

parley::testing::PlayedExit touches(std::uint64_t at, std::uint32_t length, std::optional<std::uint64_t> stored = {}) {
  return [=](abi::Run &run) {
    run.exit_reason = abi::kExitMmio;
    run.mmio.phys_addr = at;
    run.mmio.len = length;
    run.mmio.is_write = stored ? 1 : 0;
    if (stored) store_be(std::as_writable_bytes(std::span(run.mmio.data)), *stored);
    return 0;
  };
}

TEST_F(PartitionTest, HandsLoadsAndStoresOnToTheDeviceAtTheirAddress) {
  FakeKvm fake;
  auto plan = two_processors();
  Register reg;
  constexpr std::uint64_t kAt = 0x200080000000;
  auto with_register = devices::Devices::build(plan.devices, {}, {{kAt, 0x1000, &reg}}).value();
  std::vector<std::array<std::uint8_t, 4>> loaded;
  const auto after = [&](std::uint64_t at) {
    fake.play(touches(at, 4));
    fake.play([&](abi::Run &run) {
      loaded.push_back({run.mmio.data[0], run.mmio.data[1], run.mmio.data[2], run.mmio.data[3]});
      run.exit_reason = abi::kExitIntr;
      return 0;
    });
  };
  after(kAt + 0x10);
  after(kAt + 0xffe);  // across the end of the range: no device decodes it
  after(0x300000000000);
  fake.play(touches(kAt + 8, 2, 0xabcd000000000000));
  auto machine = Machine::build({fake, with_register}, std::move(plan), observer());
  ASSERT_TRUE(machine) << machine.error().why;
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(machine->run()));
  using Four = std::array<std::uint8_t, 4>;
  constexpr Four kNoDevice{0xff, 0xff, 0xff, 0xff};
  EXPECT_THAT(loaded, ElementsAre(Four{0x11, 0x12, 0x13, 0x14}, kNoDevice, kNoDevice));
  EXPECT_EQ(reg.offset_, 8u);
  EXPECT_THAT(reg.stored_, ElementsAre(std::byte{0xab}, std::byte{0xcd}));
}

TEST_F(PartitionTest, EndsAGuestThatCannotBeToldOfItsInput) {
  FakeKvm fake;
  fake.fail(abi::kIrqLine, EIO);
  fake.play(then([&] { vty().feed("x"); }));
  const End end = run(fake, two_processors());
  EXPECT_THAT(failure(end).what, HasSubstr("has input"));
  EXPECT_THAT(failure(end).why, HasSubstr("KVM_IRQ_LINE: EIO"));
}

TEST_F(PartitionTest, LeavesToTheKernelWhatThatCanDo) {
  FakeKvm fake;
  auto delegating = two_processors();
  host::KvmFacts facts;
  facts.capabilities["KVM_CAP_PPC_ENABLE_HCALL"] = 1;
  delegating.papr = papr_interface(facts);
  run(fake, delegating);
  EXPECT_THAT(fake.enabled_hcalls(), ElementsAre(0x31c));
  EXPECT_EQ(fake.rtas_tokens().size(), 4u);
}

TEST_F(PartitionTest, MakesTheGuestWaitForAReaderAndLosesNothing) {
  FakeKvm fake;
  const std::string full(devices::Vty::kOutputLimit, 'x');
  ASSERT_TRUE(vty().write(full));
  fake.play(says("end"));
  std::jthread reader([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(vty().take_output(full.size()), full);
  });
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, two_processors())));
  reader.join();
  EXPECT_EQ(console(), "end");
}

// --- The level

TEST_F(PartitionTest, EntersAKernelWithTheClientInterface) {
  FakeKvm fake;
  auto kernel = two_processors();
  kernel.initrd = guest::whole(SharedBytes(Bytes(100)), GuestAddress{0x30000});
  run(fake, kernel);
  EXPECT_EQ(fake.regs().gpr[3], 0x30000u);
  EXPECT_EQ(fake.regs().gpr[4], 100u);
  EXPECT_EQ(fake.regs().gpr[5], kernel.firmware_at.value + 0x100);
  EXPECT_GT(fake.regs().gpr[1], kernel.firmware_at.value);
}

TEST_F(PartitionTest, TakesTheBestLevelThatTheGuestListsOnAllProcessors) {
  FakeKvm fake;
  negotiates(fake, {0x0f000004, kPower9});
  fake.play(then([&] { EXPECT_THAT(call_method_results(fake), ElementsAre(0, 0)); }));
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, two_processors())));
  EXPECT_EQ(fake.arch_compat(0), kPower9);
  EXPECT_EQ(fake.arch_compat(1), kPower9);
  EXPECT_EQ(outcome().level, Target::of(level("power9")));
  EXPECT_THAT(outcome().guest_list, HasSubstr("power9"));
}

TEST_F(PartitionTest, ShowsTheTreeWithTheNegotiatedLevel) {
  FakeKvm fake;
  negotiates(fake, {kPower9});
  std::vector<Bytes> trees;
  Observer watching = observer();
  watching.tree = [&](const Bytes &tree) { trees.push_back(tree); };
  Machine::build({fake, devices()}, two_processors(), watching)->run();
  ASSERT_EQ(trees.size(), 2u);
  const auto tree = fdt::parse_blob(trees.back()).value();
  for (const auto &cpu : tree.child("cpus")->children)
    EXPECT_EQ(load_be<std::uint32_t>(cpu.property("cpu-version")->value), kPower9);
  EXPECT_EQ(tree.child("chosen")->property("ibm,architecture-vec-5")->value.size(), 27u);
}

TEST_F(PartitionTest, TakesTheNextLevelWhenTheKernelRefusesOneOnOneProcessor) {
  FakeKvm fake;
  negotiates(fake, {kPower9, kPower10});
  fake.fail(abi::kSetOneReg, EINVAL, 4);  // two at first; then the second processor's
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, two_processors())));
  EXPECT_EQ(fake.arch_compat(0), kPower9);
  EXPECT_EQ(fake.arch_compat(1), kPower9);
  EXPECT_THAT(outcome().problem, HasSubstr("EINVAL"));
}

TEST_F(PartitionTest, LeavesAllProcessorsAtTheirLevelWhenNothingIsAgreedUpon) {
  FakeKvm fake;
  negotiates(fake, {kPower9});
  fake.fail(abi::kSetOneReg, EINVAL, 4);
  fake.play(then([&] { EXPECT_THAT(call_method_results(fake), ElementsAre(0, 0xffffffff)); }));
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, two_processors())));
  EXPECT_EQ(fake.arch_compat(0), kPower10);
  EXPECT_EQ(fake.arch_compat(1), kPower10);
  EXPECT_FALSE(outcome().level);
  EXPECT_EQ(outcome().current, Target::of(level("power10")));
}

TEST_F(PartitionTest, EndsAGuestWhoseProcessorsCannotBeBroughtToOneLevel) {
  FakeKvm fake;
  negotiates(fake, {kPower9});
  fake.fail(abi::kSetOneReg, EINVAL, 4);
  fake.fail(abi::kSetOneReg, EIO, 5);
  EXPECT_THAT(failure(run(fake, two_processors())).what, HasSubstr("the same level"));
}

TEST_F(PartitionTest, TakesNoLevelWithoutTellingOfIt) {
  FakeKvm fake;
  for (int i = 0; i < 8; ++i) negotiates(fake, {kPower10});
  for (int i = 0; i < 12; ++i) negotiates(fake, {kPower9});
  fake.play(then([&] { EXPECT_THAT(call_method_results(fake), ElementsAre(0, 0xffffffff)); }));
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, two_processors())));
  EXPECT_EQ(notices_.size(), 1u + 8u + 1u) << "the first one too many is told of, and no other";
  EXPECT_THAT(outcome().problem, HasSubstr("too often"));
  EXPECT_EQ(outcome().current, Target::of(level("power10")));
  EXPECT_EQ(fake.arch_compat(0), kPower10);
  EXPECT_EQ(fake.arch_compat(1), kPower10);
}

// All the room that the tree has, with as many processors as there may be.
TEST_F(PartitionTest, NegotiatesWithAGuestThatFilledItsTree) {
  FakeKvm fake;
  auto many = two_processors();
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
  EXPECT_EQ(taken.back(), 0xffffffff) << "it is not full";
  EXPECT_EQ(outcome().level, Target::of(level("power9")));
}

TEST_F(PartitionTest, DoesNotOfferAgainWhatTheKernelRefusedAtFirst) {
  FakeKvm fake;  // a fixed kernel on a power10 host
  auto forced = two_processors();
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

// --- Memory

TEST_F(PartitionTest, LaysFilesIntoMemoryWithoutACopyAsFarAsPagesGo) {
  char path[] = "/tmp/parley-test-XXXXXX";
  const int fd = ::mkstemp(path);
  ASSERT_GE(fd, 0);
  Bytes content(0x3001);
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<std::byte>(i * 7);
  ASSERT_TRUE(write_all(fd, content));
  ::close(fd);
  FakeKvm fake;
  auto machine_plan = two_processors();
  machine_plan.initrd = guest::whole(SharedBytes::open(path, 1 << 20).value(), GuestAddress{0x30000});
  ::unlink(path);
  Bytes found;
  fake.play(then([&] {
    const auto there = fake.ram().subspan(0x30000, content.size());
    found.assign(there.begin(), there.end());
  }));
  run(fake, machine_plan);
  EXPECT_EQ(found, content);
  EXPECT_EQ(fake.mapped_from_files(), 0x3000u);
}

TEST_F(PartitionTest, SaysThatAFileCannotBeLaidIntoMemory) {
  FakeKvm fake;
  auto machine_plan = two_processors();
  machine_plan.initrd =
      guest::whole(SharedBytes::open("/proc/self/exe", guest::kDefaultMemory).value(), GuestAddress{0x30000});
  machine_plan.memory_size = 2 * guest::kDefaultMemory;
  machine_plan.regions = {{GuestAddress{0}, machine_plan.memory_size}};
  fake.fail(FakeKvm::kMmapFile, ENOMEM);
  EXPECT_THAT(failure(run(fake, machine_plan)).why, HasSubstr("ENOMEM"));
}

// --- The watchdog

Sample sample(std::uint64_t msr, int processor_milliseconds) {
  Sample taken;
  taken.regs.msr = msr;
  taken.processor_time = std::chrono::milliseconds(processor_milliseconds);
  return taken;
}

constexpr std::uint64_t kVirtualMode = 0x8000000000000020;

class WatchTest : public ::testing::Test {
 protected:
  Watch::Verdict look(int second, std::uint64_t exits, std::optional<Sample> taken = {}) {
    return watch_.look(exits, taken, std::chrono::seconds(10), SteadyTime(std::chrono::seconds(second)));
  }
  Watch watch_;
};

TEST_F(WatchTest, TellsOnceOfAVcpuThatIsBusyInRealModeAndNeverLeaves) {
  EXPECT_EQ(look(0, 5), Watch::Verdict::kFine);
  EXPECT_EQ(look(9, 5), Watch::Verdict::kFine);
  EXPECT_EQ(look(10, 5), Watch::Verdict::kLookAgain);
  EXPECT_EQ(look(11, 5, sample(0, 1000)), Watch::Verdict::kLookAgain);
  EXPECT_EQ(look(12, 5, sample(0, 2000)), Watch::Verdict::kStalled);
  EXPECT_EQ(look(13, 5, sample(0, 3000)), Watch::Verdict::kFine);
  EXPECT_EQ(look(14, 6), Watch::Verdict::kFine);
  EXPECT_EQ(look(24, 6), Watch::Verdict::kLookAgain);
}

TEST_F(WatchTest, TakesAnIdleVcpuForWhatItIs) {
  look(0, 5);
  for (int second = 10; second < 30; ++second) EXPECT_NE(look(second, 5, sample(0, 100)), Watch::Verdict::kStalled);
}

TEST_F(WatchTest, LetsAKernelComputeAsLongAsItLikes) {
  look(0, 5);
  for (int second = 10; second < 30; ++second)
    EXPECT_NE(look(second, 5, sample(kVirtualMode, second * 1000)), Watch::Verdict::kStalled);
}

TEST_F(PartitionTest, SaysWhereAVcpuIsThatMakesNoProgress) {
  FakeKvm fake;
  std::function<int(abi::Run &)> spin = [&](abi::Run &) {
    fake.play(spin);  // for ever, and at full speed
    return EINTR;
  };
  fake.play(spin);
  auto nowhere = two_processors();
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
  EXPECT_THAT(stalls[0], HasSubstr("no progress: vCPU 0 at pc=0x0000000040000000, outside RAM"));
}

// Whoever reads the log may not be there, and the one who looks is to hear signals.
TEST_F(PartitionTest, IsLookedAtWithoutWaitingForAThreadThatTellsSomething) {
  FakeKvm fake;
  std::atomic<bool> telling = false;
  std::atomic<bool> looked = false;
  Observer watching;
  watching.notice = [&](const Notice &) {
    telling = true;
    while (!looked) std::this_thread::yield();
  };
  auto machine = Machine::build({fake, devices()}, two_processors(), watching).value();
  std::jthread vcpu([&] { machine.run(); });
  while (!telling) std::this_thread::yield();
  auto look = std::async(std::launch::async, [&] { machine.check_progress(std::chrono::seconds(0)); });
  EXPECT_EQ(look.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  looked = true;
}

}  // namespace
}  // namespace parley::machine
