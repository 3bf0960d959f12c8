// SPDX-License-Identifier: Apache-2.0
#include "parley/devices/devices.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace parley::devices {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<Spec> usual(unsigned terminals) {
  InterruptAllocator interrupts;
  return usual_devices(terminals, interrupts);
}

TEST(Specs, HaveAddressesThatDoNotDependOnTheNumberOfTerminals) {
  const auto one = usual(1);
  const auto three = usual(3);
  EXPECT_TRUE(std::ranges::equal(one, std::span(three).first(one.size())));
  EXPECT_EQ(std::get<VtySpec>(one[0]), (VtySpec{0x71000000, 0x1100}));
  EXPECT_EQ(std::get<NvramSpec>(one[1]), (NvramSpec{0x71000001}));
  EXPECT_EQ(std::get<VtySpec>(three[4]), (VtySpec{0x71000002, 0x1101}));
}

TEST(Specs, HaveInterruptsThatNoTwoShare) {
  std::set<std::uint32_t> sources;
  std::size_t count = 0;
  for (const Spec &spec : usual(kMaxTerminals)) {
    for (const std::uint32_t source : interrupts(spec)) {
      sources.insert(source);
      ++count;
    }
  }
  EXPECT_EQ(count, kMaxTerminals);
  EXPECT_EQ(sources.size(), count);
}

TEST(InterruptAllocator, IsExhaustedAfter256Sources) {
  InterruptAllocator interrupts;
  for (std::uint32_t i = 0; i < InterruptAllocator::kCount; ++i) EXPECT_EQ(interrupts.take(), 0x1100 + i);
  EXPECT_EQ(interrupts.take(), std::nullopt);
}

TEST(Specs, AddTheirNodesToTheTree) {
  fdt::Node root;
  fdt::Node vdevice;
  for (const Spec &spec : usual(2)) add_nodes(spec, root, vdevice);
  std::vector<std::string> names;
  for (const auto &node : vdevice.children) names.push_back(node.name);
  EXPECT_THAT(names, ElementsAre("vty@71000000", "nvram@71000001", "vty@71000002"));
  EXPECT_EQ(root.child("ibm,platform-facilities")->child("ibm,random-v1")->text("compatible"), "ibm,random");
  EXPECT_EQ(node_path(std::get<VtySpec>(usual(2).back())), "/vdevice/vty@71000002");
}

TEST(Devices, AreExactlyThoseOfTheList) {
  auto devices = Devices::build(usual(2)).value();
  EXPECT_EQ(devices.terminals().size(), 2u);
  EXPECT_NE(devices.nvram(), nullptr);
  EXPECT_NE(devices.clock(), nullptr);
  EXPECT_TRUE(devices.has(Kind::kRandom));
  const std::vector<Spec> lone{VtySpec{5, 0x1100}};
  auto few = Devices::build(lone).value();
  EXPECT_EQ(few.nvram(), nullptr);
  EXPECT_EQ(few.clock(), nullptr);
  EXPECT_FALSE(few.has(Kind::kRandom));
}

TEST(Devices, FindATerminalByItsUnitAndTheFirstOneByUnitZeroToo) {
  const auto devices = Devices::build(usual(2)).value();
  EXPECT_EQ(devices.terminal(0), devices.terminals()[0].vty.get());
  EXPECT_EQ(devices.terminal(0x71000000), devices.terminals()[0].vty.get());
  EXPECT_EQ(devices.terminal(0x71000002), devices.terminals()[1].vty.get());
  for (const std::uint64_t unit : {0x1ul, 0x71000001ul, 0x71000003ul, 0x171000000ul, ~0ul})
    EXPECT_EQ(devices.terminal(unit), nullptr) << unit;
  EXPECT_EQ(Devices::build({}).value().terminal(0), nullptr);
}

TEST(Devices, AreNotBuiltIfTwoHaveTheSameAddress) {
  const std::vector<Spec> twice{VtySpec{5, 0x1100}, VtySpec{5, 0x1101}};
  EXPECT_THAT(Devices::build(twice).error().why, HasSubstr("virtual I/O bus"));
  const std::vector<Spec> terminal_and_nvram{VtySpec{5, 0x1100}, NvramSpec{5}};
  EXPECT_THAT(Devices::build(terminal_and_nvram).error().why, HasSubstr("virtual I/O bus"));
  class Nothing : public MmioDevice {
    void load(std::uint64_t, std::span<std::byte>) override {}
    void store(std::uint64_t, ByteView) override {}
  } nothing;
  EXPECT_THAT(Devices::build({}, {}, {{0, 16, &nothing}, {8, 16, &nothing}}).error().why, HasSubstr("memory bus"));
}

}  // namespace
}  // namespace parley::devices
