// SPDX-License-Identifier: Apache-2.0
#include "app/qemu_words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(QemuWords, GetASecondDashWhereParleyKnowsThem) {
  const char *const line[] = {"run", "-kernel", "-m", "-kernelx", "--append", "-smp"};
  EXPECT_THAT(with_double_dashes(6, line), ElementsAre("run", "--kernel", "-m", "-kernelx", "--append", "--smp"));
}

TEST(QemuMachine, MayLimitTheLevel) {
  EXPECT_EQ(parse_machine("pseries,max-cpu-compat=power9")->compat, "power9");
  EXPECT_EQ(parse_machine("pseries-10.0")->compat, std::nullopt);
  EXPECT_TRUE(parse_machine(""));
}

TEST(QemuMachine, NamesEachSettingWithoutEffectOnce) {
  const auto words = parse_machine("pseries,cap-cfpc=broken,usb=off,cap-cfpc=broken");
  EXPECT_THAT(words->no_effect, ElementsAre("cap-cfpc=broken", "usb=off"));
}

TEST(QemuMachine, MayAskForWhatParleyIsAnyway) {
  EXPECT_THAT(parse_machine("pseries,accel=kvm,ic-mode=xics,kernel-irqchip=on,x-vof=on")->no_effect, IsEmpty());
}

TEST(QemuMachine, IsRefusedWhereItCannotBe) {
  for (const char *bad : {"powernv", "pseries,frobnicate=on", "pseries,accel=tcg", "pseries,ic-mode=xive",
                          "pseries,kernel-irqchip=off", "none"}) {
    const auto words = parse_machine(bad);
    ASSERT_FALSE(words) << bad;
    EXPECT_THAT(words.error().what, HasSubstr(bad));
  }
}

TEST(QemuSmp, CountsVcpus) {
  const std::pair<const char *, unsigned> cases[] = {{"1", 1},
                                                     {"64", 64},
                                                     {"cpus=3", 3},
                                                     {"4,cores=4", 4},
                                                     {"4,sockets=2,cores=2,threads=1", 4},
                                                     {"cores=4", 4},
                                                     {"sockets=2,cores=4", 8},
                                                     {"maxcpus=2", 2},
                                                     {"2,maxcpus=2", 2}};
  for (const auto &[text, count] : cases) EXPECT_EQ(parse_smp(text), count) << text;
}

TEST(QemuSmp, IsRefusedWhereItCannotBe) {
  for (const char *bad : {"", "0", "65", "x", "2,threads=2", "2,cores=4", "2,maxcpus=4", "2,books=1", "cores=0", "-1"})
    EXPECT_FALSE(parse_smp(bad)) << bad;
}

TEST(QemuCpu, IsTheHosts) {
  EXPECT_TRUE(parse_cpu("host"));
  EXPECT_THAT(parse_cpu("POWER9").error().what_to_do, HasSubstr("--compat"));
}

}  // namespace
}  // namespace parley::app
