// SPDX-License-Identifier: Apache-2.0
#include "app/command_line/qemu_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

namespace parley::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::expected<QemuLine, Failure> read(const std::vector<const char *> &line) { return read_qemu_line(line); }

TEST(QemuOptions, GetASecondDashIfParleyHasThemToo) {
  const auto line = read({"run", "-kernel", "a", "-m", "1G", "-kernelx", "-no-reboot", "-smp", "2"});
  EXPECT_THAT(line->words, ElementsAre("run", "--kernel", "a", "-m", "1G", "-kernelx", "--no-reboot", "--smp", "2"));
}

TEST(QemuOptions, ThatAreTheValueOfAnOptionStayUnchanged) {
  const auto line =
      read({"run", "-append", "-s", "--nvram", "-S", "-kernel", "-net", "--append", "-smp", "-m", "-uuid"});
  ASSERT_TRUE(line);
  EXPECT_THAT(line->words, ElementsAre("run", "--append", "-s", "--nvram", "-S", "--kernel", "-net", "--append", "-smp",
                                       "-m", "-uuid"));
}

TEST(QemuOptions, MayHaveTheirValueAfterAnEqualsSignWithTwoDashes) {
  const auto line = read({"run", "--accel=kvm", "--display=none", "--name=x", "--uuid=1"});
  ASSERT_TRUE(line);
  EXPECT_THAT(line->words, ElementsAre("run"));
  EXPECT_THAT(line->no_effect, ElementsAre("--uuid=1"));
  EXPECT_THAT(read({"run", "--monitor=stdio"}).error().what, HasSubstr("--monitor=stdio"));
}

TEST(QemuOptions, AreTranslatedForTheRunCommandOnly) {
  for (const std::vector<const char *> &line : std::vector<std::vector<const char *>>{
           {"inspect", "-nographic"}, {"check", "power9", "-uuid", "1"}, {"-q", "matrix", "run", "-drive", "x"}})
    EXPECT_THAT(read(line)->words, SizeIs(line.size())) << line[0];
  EXPECT_THAT(read({"--log-level", "run", "inspect", "-nographic"})->words, SizeIs(4));
  EXPECT_THAT(read({"--log-level", "debug", "run", "-nographic"})->words, SizeIs(3));
}

TEST(QemuOptions, ThatDescribeParleysOnlyBehaviourAreAcceptedSilently) {
  const auto line = read({"run",      "-nographic", "-nodefaults", "-enable-kvm", "-accel", "kvm,thread=multi",
                          "-display", "none",       "-monitor",    "none",        "-vga",   "none",
                          "-net",     "none",       "-nic",        "none",        "--nic",  "none",
                          "-name",    "guest",      "-accel",      "kvm:tcg"});
  ASSERT_TRUE(line);
  EXPECT_THAT(line->words, ElementsAre("run"));
  EXPECT_THAT(line->no_effect, IsEmpty());
}

TEST(QemuOptions, WithoutEffectAreListedWithTheirValues) {
  const auto line = read({"run", "-uuid", "a-b", "-no-shutdown", "-m", "1G"});
  EXPECT_THAT(line->words, ElementsAre("run", "-m", "1G"));
  EXPECT_THAT(line->no_effect, ElementsAre("-uuid a-b", "-no-shutdown"));
}

TEST(QemuOptions, ThatParleyCannotHonourAreRefusedWithARemedy) {
  for (const auto &[line, why, instead] :
       std::vector<std::tuple<std::vector<const char *>, const char *, const char *>>{
           {{"run", "-monitor", "stdio"}, "no monitor", "-monitor none"},
           {{"run", "-net", "user"}, "no network", "-net none"},
           {{"run", "-nic", "user,model=virtio"}, "no network", "-nic none"},
           {{"run", "-accel", "tcg"}, "KVM only", "-accel kvm"},
           {{"run", "-drive", "file=x"}, "no disks", "-initrd"},
           {{"run", "-hdc", "x"}, "no disks", "-initrd"},
           {{"run", "-qmp-pretty", "stdio"}, "no monitor", "leave it out"},
           {{"run", "-bios", "slof.bin"}, "firmware", "-kernel"},
           {{"run", "-sandbox", "on"}, "own sandbox", "--sandbox on"},
           {{"run", "-vnc", ":0"}, "no screen", "-nographic"},
           {{"run", "-S"}, "before its start", "leave it out"}}) {
    const auto read_line = read(line);
    ASSERT_FALSE(read_line) << line[1];
    EXPECT_THAT(read_line.error().what, HasSubstr(line[1]));
    EXPECT_THAT(read_line.error().why, HasSubstr(why));
    EXPECT_THAT(read_line.error().what_to_do, HasSubstr(instead));
  }
}

TEST(QemuOptions, WithoutTheirValueAreRefused) {
  EXPECT_THAT(read({"run", "-uuid"}).error().what, HasSubstr("-uuid needs a value"));
}

TEST(QemuOptions, DoNotChangeParleysOptionsOfTheSameName) {
  const auto line = read({"run", "--sandbox", "off", "--boot", "fdt"});
  EXPECT_THAT(line->words, ElementsAre("run", "--sandbox", "off", "--boot", "fdt"));
}

}  // namespace
}  // namespace parley::app
