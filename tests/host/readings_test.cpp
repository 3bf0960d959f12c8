// SPDX-License-Identifier: Apache-2.0
#include "parley/host/readings.hpp"

#include <gtest/gtest.h>

#include "hosts.hpp"
#include "parley/host/capabilities.hpp"

namespace parley::host {
namespace {

Facts live_host() {
  Facts facts = parley::testing::tree_only("power11-as-power10");
  facts.system = parley::testing::reference_system();
  return facts;
}

TEST(Readings, NameTheLevelOfEachSource) {
  const Readings readings = read(live_host());
  EXPECT_EQ(readings.cpu_versions.at(0).level, level("power10"));
  EXPECT_EQ(readings.at_platform.level, level("power10"));
  EXPECT_EQ(readings.at_base_platform.level, level("power11"));
  EXPECT_EQ(readings.at_hwcap2.says, "0x00000000bef60000, ISA 3.1");
  EXPECT_EQ(readings.cpuinfo_pvr.level, level("power11"));
  EXPECT_EQ(readings.timebase, Answer::kUsable);
}

TEST(Readings, TellAbsentUnreadableAndUnknownAnswersApart) {
  Facts facts = live_host();
  facts.system.platform.reset();
  facts.system.base_platform = "ppc970";
  facts.system.cpuinfo_cpu.reset();
  facts.system.cpuinfo_problem = "EACCES";
  const Readings readings = read(facts);
  EXPECT_EQ(readings.at_platform.answer, Answer::kAbsent);
  EXPECT_EQ(readings.at_base_platform.answer, Answer::kNotUnderstood);
  EXPECT_EQ(readings.cpuinfo_cpu.answer, Answer::kUnreadable);
  EXPECT_EQ(readings.cpuinfo_pvr.answer, Answer::kUsable);
}

TEST(Readings, MarkALevelNewerThanAllKnownOnes) {
  Facts facts = live_host();
  facts.system.platform = "power12";
  const Readings readings = read(facts);
  EXPECT_TRUE(readings.at_platform.newer_than_known);
  EXPECT_EQ(readings.at_platform.level, Level::highest());
}

TEST(Readings, OfCpuVersionDescribeTheSiliconOnBareMetal) {
  EXPECT_EQ(read(parley::testing::tree_only("powernv-power10")).cpu_versions.at(0).trust, Trust::kSiliconOnly);
  EXPECT_EQ(read(live_host()).cpu_versions.at(0).trust, Trust::kAuthoritative);
}

TEST(Readings, TellARefusedTrialFromAFailedOne) {
  Facts facts = live_host();
  facts.kvm.trials = {{level("power11").pvr(), TrialOutcome::kPoisoned, 22, kInvalidLogicalPvr},
                      {level("power9").pvr(), TrialOutcome::kOther, 5, std::nullopt}};
  const auto trials = read(facts).trials;
  EXPECT_EQ(trials.at(0).answer, Answer::kUsable);
  EXPECT_FALSE(trials.at(0).taken);
  EXPECT_EQ(trials.at(1).answer, Answer::kUnreadable);
  EXPECT_EQ(trials.at(1).problem, "EIO, cannot be read back");
}

TEST(Readings, AreTheRowsOfTheVerdict) {
  const Facts facts = live_host();
  const Readings readings = read(facts);
  const auto sources = assess(facts).sources;
  ASSERT_EQ(sources.size(), 1 + readings.single_readings().size());
  for (std::size_t i = 0; const Reading *reading : readings.single_readings()) {
    EXPECT_EQ(sources[++i].name, reading->name);
    EXPECT_EQ(sources[i].says, reading->says);
    EXPECT_EQ(sources[i].level, reading->level);
  }
}

}  // namespace
}  // namespace parley::host
