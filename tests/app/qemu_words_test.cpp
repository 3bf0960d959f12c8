// SPDX-License-Identifier: Apache-2.0
#include "app/qemu_words.hpp"

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

TEST(QemuWords, GetASecondDashWhereParleyKnowsThem) {
  const auto line = read({"run", "-kernel", "a", "-m", "1G", "-kernelx", "-no-reboot", "-smp", "2"});
  EXPECT_THAT(line->words, ElementsAre("run", "--kernel", "a", "-m", "1G", "-kernelx", "--no-reboot", "--smp", "2"));
}

TEST(QemuWords, ThatAreTheValueOfAnOptionStayAsTheyAre) {
  const auto line =
      read({"run", "-append", "-s", "--nvram", "-S", "-kernel", "-net", "--append", "-smp", "-m", "-uuid"});
  ASSERT_TRUE(line);
  EXPECT_THAT(line->words, ElementsAre("run", "--append", "-s", "--nvram", "-S", "--kernel", "-net", "--append", "-smp",
                                       "-m", "-uuid"));
}

TEST(QemuWords, MayHaveTheirValueBehindAnEqualsSignAfterTwoDashes) {
  const auto line = read({"run", "--accel=kvm", "--display=none", "--name=x", "--uuid=1"});
  ASSERT_TRUE(line);
  EXPECT_THAT(line->words, ElementsAre("run"));
  EXPECT_THAT(line->no_effect, ElementsAre("--uuid=1"));
  EXPECT_THAT(read({"run", "--monitor=stdio"}).error().what, HasSubstr("--monitor=stdio"));
}

TEST(QemuWords, AreForAGuestThatRuns) {
  for (const std::vector<const char *> &line : std::vector<std::vector<const char *>>{
           {"inspect", "-nographic"}, {"check", "power9", "-uuid", "1"}, {"-q", "matrix", "run", "-drive", "x"}})
    EXPECT_THAT(read(line)->words, SizeIs(line.size())) << line[0];
  EXPECT_THAT(read({"--log-level", "run", "inspect", "-nographic"})->words, SizeIs(4));
  EXPECT_THAT(read({"--log-level", "debug", "run", "-nographic"})->words, SizeIs(3));
}

TEST(QemuWords, ThatAskForWhatIsSoAnywayAreTakenInSilence) {
  const auto line = read({"run",      "-nographic", "-nodefaults", "-enable-kvm", "-accel", "kvm,thread=multi",
                          "-display", "none",       "-monitor",    "none",        "-vga",   "none",
                          "-net",     "none",       "-nic",        "none",        "--nic",  "none",
                          "-name",    "guest",      "-accel",      "kvm:tcg"});
  ASSERT_TRUE(line);
  EXPECT_THAT(line->words, ElementsAre("run"));
  EXPECT_THAT(line->no_effect, IsEmpty());
}

TEST(QemuWords, ThatMeanNothingHereAreNamedWithTheirValues) {
  const auto line = read({"run", "-uuid", "a-b", "-no-shutdown", "-m", "1G"});
  EXPECT_THAT(line->words, ElementsAre("run", "-m", "1G"));
  EXPECT_THAT(line->no_effect, ElementsAre("-uuid a-b", "-no-shutdown"));
}

TEST(QemuWords, ThatCannotBeDoneAreRefusedWithWhatToWrite) {
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

TEST(QemuWords, ThatLackTheirValueSaySo) {
  EXPECT_THAT(read({"run", "-uuid"}).error().what, HasSubstr("-uuid wants a value"));
}

TEST(QemuWords, LeaveParleysOwnOptionsOfTheSameNameAlone) {
  const auto line = read({"run", "--sandbox", "off", "--boot", "fdt"});
  EXPECT_THAT(line->words, ElementsAre("run", "--sandbox", "off", "--boot", "fdt"));
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
  EXPECT_THAT(
      parse_machine("pseries,accel=kvm,ic-mode=xics,kernel-irqchip=on,x-vof=on,kvm-type=HV,accel=kvm:tcg,kvm-type=auto")
          ->no_effect,
      IsEmpty());
}

TEST(QemuMachine, IsRefusedWhereItCannotBe) {
  for (const char *bad : {"powernv", "pseries,frobnicate=on", "pseries,accel=tcg", "pseries,ic-mode=xive",
                          "pseries,kernel-irqchip=off", "pseries,kvm-type=PR", "pseries,accel=tcg:kvm", "none"}) {
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

TEST(QemuSmp, OfSeveralThreadsSaysWhatToWriteInstead) {
  EXPECT_THAT(parse_smp("cores=1,threads=8").error().what_to_do, HasSubstr("write -smp 8:"));
  EXPECT_THAT(parse_smp("4,cores=2,threads=2").error().what_to_do, HasSubstr("write -smp 4:"));
  EXPECT_THAT(parse_smp("cores=100000000000,sockets=100000000000,threads=8").error().what_to_do,
              HasSubstr("write -smp 64:"));
}

TEST(QemuCpu, IsTheHosts) {
  EXPECT_EQ(parse_cpu("host")->compat, std::nullopt);
  EXPECT_THAT(parse_cpu("970fx").error().what_to_do, HasSubstr("--compat"));
  EXPECT_FALSE(parse_cpu(""));
  EXPECT_FALSE(parse_cpu("host,frobnicate=on"));
}

TEST(QemuCpu, MayNameALevelAsLibvirtWritesItWhichIsToldOf) {
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

TEST(QemuMemory, IsTheSizeAndNamesWhatHasNoEffect) {
  EXPECT_EQ(parse_memory("size=2G")->size, std::uint64_t{2} << 30);
  EXPECT_EQ(parse_memory("2T")->size, std::uint64_t{2} << 40);
  const auto memory = parse_memory("4G,slots=32,maxmem=64G");
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->size, std::uint64_t{4} << 30);
  EXPECT_THAT(memory->no_effect, ElementsAre("-m slots=32", "-m maxmem=64G"));
}

TEST(QemuMemory, IsRefusedWhereItIsNoSize) {
  EXPECT_EQ(parse_memory("slots=2,maxmem=4G").error().what, "'slots=2,maxmem=4G' is no memory size");
  for (const char *bad : {"", "1G,2G", "size=1G,size=2G", "1G,frobnicate=2", "slots=2", "size="})
    EXPECT_FALSE(parse_memory(bad)) << bad;
}

}  // namespace
}  // namespace parley::app
