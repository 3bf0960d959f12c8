// SPDX-License-Identifier: Apache-2.0
#include "app/command_line/qemu_values.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(QemuMachine, MayLimitTheLevel) {
  EXPECT_EQ(parse_machine("pseries,max-cpu-compat=power9")->compat, "power9");
  EXPECT_EQ(parse_machine("pseries-10.0")->compat, std::nullopt);
  EXPECT_TRUE(parse_machine(""));
}

TEST(QemuMachine, ListsEachSettingWithoutEffectOnce) {
  const auto machine = parse_machine("pseries,cap-cfpc=broken,usb=off,cap-cfpc=broken");
  EXPECT_THAT(machine->no_effect, ElementsAre("cap-cfpc=broken", "usb=off"));
}

TEST(QemuMachine, MayDescribeParleysOnlyBehaviour) {
  EXPECT_THAT(
      parse_machine("pseries,accel=kvm,ic-mode=xics,kernel-irqchip=on,x-vof=on,kvm-type=HV,accel=kvm:tcg,kvm-type=auto")
          ->no_effect,
      IsEmpty());
}

TEST(QemuMachine, IsRefusedIfParleyCannotProvideIt) {
  for (const char *bad : {"powernv", "pseries,frobnicate=on", "pseries,accel=tcg", "pseries,ic-mode=xive",
                          "pseries,kernel-irqchip=off", "pseries,kvm-type=PR", "pseries,accel=tcg:kvm", "none"}) {
    const auto machine = parse_machine(bad);
    ASSERT_FALSE(machine) << bad;
    EXPECT_THAT(machine.error().what, HasSubstr(bad));
  }
}

TEST(QemuSmp, CountsVcpusAndTheThreadsOfACore) {
  const std::pair<const char *, SmpValue> cases[] = {{"1", {1, 1}},
                                                     {"64", {64, 1}},
                                                     {"cpus=3", {3, 1}},
                                                     {"4,cores=4", {4, 1}},
                                                     {"4,sockets=2,cores=2,threads=1", {4, 1}},
                                                     {"cores=4", {4, 1}},
                                                     {"sockets=2,cores=4", {8, 1}},
                                                     {"maxcpus=2", {2, 1}},
                                                     {"2,maxcpus=2", {2, 1}},
                                                     {"4,threads=4", {4, 4}},
                                                     {"8,threads=2", {8, 2}},
                                                     {"threads=8", {8, 8}},
                                                     {"cores=2,threads=2", {4, 2}},
                                                     {"8,sockets=2,cores=2,threads=2", {8, 2}}};
  for (const auto &[text, smp] : cases) EXPECT_EQ(parse_smp(text), smp) << text;
}

TEST(QemuSmp, IsRefusedIfParleyCannotProvideIt) {
  for (const char *bad :
       {"", "0", "65", "x", "2,cores=4", "2,maxcpus=4", "2,books=1", "cores=0", "-1", "3,threads=2", "3,threads=3",
        "16,threads=16", "4,cores=4,threads=2", "cores=100000000000,sockets=100000000000,threads=8"})
    EXPECT_FALSE(parse_smp(bad)) << bad;
}

TEST(QemuCpu, IsTheHostsProcessor) {
  EXPECT_EQ(parse_cpu("host")->compat, std::nullopt);
  EXPECT_THAT(parse_cpu("970fx").error().what_to_do, HasSubstr("--compat"));
  EXPECT_FALSE(parse_cpu(""));
  EXPECT_FALSE(parse_cpu("host,frobnicate=on"));
}

TEST(QemuCpu, MayNameALevelAsLibvirtDoesAndIsRemarkedOn) {
  for (const char *name : {"POWER9", "power9", "Power9", "power9_v2.2"}) {
    const auto cpu = parse_cpu(name);
    ASSERT_TRUE(cpu) << name;
    EXPECT_EQ(cpu->compat, "power9") << name;
    EXPECT_THAT(cpu->remark, HasSubstr("is taken as --compat power9")) << name;
  }
  EXPECT_EQ(parse_cpu("host,compat=power9")->compat, "power9");
  EXPECT_EQ(parse_cpu("POWER9,compat=power9")->compat, "power9");
  EXPECT_FALSE(parse_cpu("POWER9,compat=power10"));
}

TEST(QemuMemory, IsTheSizeAndListsSettingsWithoutEffect) {
  EXPECT_EQ(parse_memory("size=2G")->size, std::uint64_t{2} << 30);
  EXPECT_EQ(parse_memory("2T")->size, std::uint64_t{2} << 40);
  const auto memory = parse_memory("4G,slots=32,maxmem=64G");
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->size, std::uint64_t{4} << 30);
  EXPECT_THAT(memory->no_effect, ElementsAre("-m slots=32", "-m maxmem=64G"));
}

TEST(QemuMemory, IsRefusedIfItIsNotASize) {
  EXPECT_EQ(parse_memory("slots=2,maxmem=4G").error().what, "'slots=2,maxmem=4G' is not a memory size");
  for (const char *bad : {"", "1G,2G", "size=1G,size=2G", "1G,frobnicate=2", "slots=2", "size="})
    EXPECT_FALSE(parse_memory(bad)) << bad;
}

}  // namespace
}  // namespace parley::app
