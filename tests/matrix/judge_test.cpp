// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/hosts.hpp"
#include "parley/matrix/cell.hpp"

namespace parley::matrix {
namespace {

using compat::Target;
using host::TrialOutcome;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

compat::AssessedHost on(const std::string &tree, int nested_hv, const std::string &kernel,
                        std::uint32_t pvr = 0x00821200) {
  host::Facts facts = parley::testing::tree_only(tree);
  facts.system.machine = "ppc64le";
  facts.system.kernel_release = kernel;
  facts.kvm.access = host::KvmAccess::kHv;
  facts.kvm.capabilities = {{"KVM_CAP_PPC_NESTED_HV", nested_hv}};
  facts.kvm.pvr = PhysicalPvr{pvr};
  auto capabilities = host::assess(facts);
  return {std::move(facts), std::move(capabilities)};
}
compat::AssessedHost reference() { return on("power11-as-power10", 0, "7.2.13+deb14-powerpc64le"); }

Target at(const char *name) { return Target::of(level(name)); }

host::LevelTrial trial(TrialOutcome outcome, int error, std::uint32_t readback) {
  return {LogicalPvr{}, outcome, error, LogicalPvr{readback}};
}
struct Facts {
  std::optional<host::LevelTrial> set = {};
  std::optional<Run> run = {};
  std::optional<Seen> seen = {};
  std::optional<Negotiated> negotiated = {};
};
Judgement verdict_of(Target target, const compat::AssessedHost &host, Facts facts, Guest guest = Guest::kBuiltin) {
  const Observation observed{policy_of(compat::judge(target, host)), std::move(facts.set), std::move(facts.negotiated),
                             std::move(facts.run), std::move(facts.seen)};
  return judge({host_id(host), target, guest, true}, observed, host);
}
const Run kEnded{RunOutcome::kEnded, "", ""};
const Run kLevelInvalid{RunOutcome::kLevelRefused, "level-invalid", "KVM_RUN EINVAL"};
Seen seen(std::uint32_t cpu_version) { return {cpu_version, PhysicalPvr{0x00821200}, std::nullopt}; }

std::vector<TrialOutcome> predicted(Target target, const compat::AssessedHost &host) {
  return predict(target, host).outcomes;
}

TEST(Prediction, FollowsTheKernelsOwnRules) {
  const auto v2 = reference();
  const auto v1 = on("power11-as-power10", 1, "7.2.13");
  EXPECT_THAT(predicted(at("power8"), v2), ElementsAre(TrialOutcome::kRefused));
  EXPECT_THAT(predicted(at("power8"), v1), ElementsAre(TrialOutcome::kTaken));
  EXPECT_THAT(predicted(at("power9"), v2), ElementsAre(TrialOutcome::kTaken, TrialOutcome::kRefused));
  EXPECT_THAT(predicted(at("power9"), v1), ElementsAre(TrialOutcome::kTaken));
  EXPECT_THAT(predicted(at("power10"), v2), ElementsAre(TrialOutcome::kTaken));
  EXPECT_THAT(predicted(at("power11"), v2), ElementsAre(TrialOutcome::kPoisoned));
  EXPECT_THAT(predicted(Target::raw(), v2), ElementsAre(TrialOutcome::kTaken));
  EXPECT_THAT(predicted(Target{LogicalPvr{0x0f000008}}, v2), ElementsAre(TrialOutcome::kRefused));
}

TEST(Prediction, AllowsAnyAnswerToPower11OnPower10FromKernelsBefore72) {
  for (const char *kernel : {"6.12.107+deb13-powerpc64le", "7.1.0", "unknown"})
    EXPECT_EQ(predicted(at("power11"), on("power10", 1, kernel)).size(), 3u) << kernel;
  for (const char *kernel : {"7.2.0", "7.10.1", "8.0"})
    EXPECT_THAT(predicted(at("power11"), on("power10", 1, kernel)), ElementsAre(TrialOutcome::kPoisoned)) << kernel;
}

TEST(Prediction, ExpectsOlderKernelsToRefuseLevelsAboveTheIsaOnPower9) {
  const auto host = on("power9", 1, "6.12.107", 0x004e1202);
  EXPECT_THAT(predicted(at("power10"), host), ElementsAre(TrialOutcome::kRefused));
  EXPECT_THAT(predicted(at("power11"), host), ElementsAre(TrialOutcome::kRefused, TrialOutcome::kPoisoned));
}

TEST(Verdict, IsWorksWhenTheGuestSawItsLevel) {
  const auto host = reference();
  const auto set = trial(TrialOutcome::kTaken, 0, 0x0f000006);
  EXPECT_EQ(verdict_of(at("power10"), host, {set, kEnded, seen(0x0f000006)}).verdict, Verdict::kWorks);
}

TEST(Verdict, IsRefusedByThePolicyWhenTheKernelWasNotAsked) {
  const auto host = reference();
  const CellId unforced{host_id(host), at("power11"), Guest::kBuiltin, false};
  const auto judgement = judge(unforced, {policy_of(compat::judge(at("power11"), host)), {}, {}, {}, {}}, host);
  EXPECT_EQ(judgement.verdict, Verdict::kRefused);
  EXPECT_THAT(judgement.reason, HasSubstr("not-above-host"));
}

TEST(Verdict, DistinguishesKernelsByTheirAnswerToATooHighLevel) {
  const auto fixed = reference();
  const auto poisoned = trial(TrialOutcome::kPoisoned, 22, 0xffffffff);
  const auto marked = verdict_of(at("power11"), fixed, {poisoned, kLevelInvalid});
  EXPECT_EQ(marked.verdict, Verdict::kRefused);
  EXPECT_THAT(marked.reason, HasSubstr("marks the level as invalid"));

  const auto unfixed = on("power11-as-power10", 0, "6.12.107");
  const auto taken = trial(TrialOutcome::kTaken, 0, 0x0f000007);
  const auto ran = verdict_of(at("power11"), unfixed, {taken, kEnded, seen(0x0f000007)});
  EXPECT_EQ(ran.verdict, Verdict::kRefused);
  EXPECT_THAT(ran.reason, HasSubstr("only by Parley's policy"));

  // PowerVM
  const matrix::Run late{RunOutcome::kLevelRefused, "late-refusal", "KVM_RUN 0"};
  const auto refused_late = verdict_of(at("power11"), unfixed, {taken, late});
  EXPECT_EQ(refused_late.verdict, Verdict::kRefused);
  EXPECT_THAT(refused_late.reason, HasSubstr("refuses to enter the guest"));
}

struct Surprise {
  const char *name;
  const char *level;
  std::optional<host::LevelTrial> set;
  std::optional<Run> run;
  std::optional<Seen> seen;
  Fact disagrees;
};

class Surprises : public ::testing::TestWithParam<Surprise> {};

TEST_P(Surprises, NamesTheFactThatDisagrees) {
  const auto &[name, level_name, set, run, saw, fact] = GetParam();
  const auto host = reference();
  const auto judgement = verdict_of(at(level_name), host, {set, run, saw});
  EXPECT_EQ(judgement.verdict, Verdict::kSurprise);
  EXPECT_EQ(judgement.disagrees, fact);
  EXPECT_NE(judgement.reason, "");
}

const auto kTaken10 = trial(TrialOutcome::kTaken, 0, 0x0f000006);
const auto kTaken11 = trial(TrialOutcome::kTaken, 0, 0x0f000007);
INSTANTIATE_TEST_SUITE_P(
    Of, Surprises,
    ::testing::Values(Surprise{"AFixedKernelThatAcceptsATooHighLevel", "power11", kTaken11, kEnded, seen(0x0f000007),
                               Fact::kSet},
                      Surprise{"ARefusalOfTheHostsOwnLevel", "power10", trial(TrialOutcome::kRefused, 22, 0),
                               std::nullopt, std::nullopt, Fact::kSet},
                      Surprise{"AnotherReadback", "power10", trial(TrialOutcome::kOther, 0, 0x0f000005), std::nullopt,
                               std::nullopt, Fact::kReadback},
                      Surprise{"AFailedRun", "power10", kTaken10, Run{RunOutcome::kFailed, "unknown-trap", "KVM_RUN 0"},
                               std::nullopt, Fact::kRun},
                      Surprise{"ATimeLimit", "power10", kTaken10, Run{RunOutcome::kTimedOut, "", "too long"},
                               std::nullopt, Fact::kRun},
                      Surprise{"AnInvalidLevelThatRuns", "power11", trial(TrialOutcome::kPoisoned, 22, 0xffffffff),
                               kEnded, seen(0x0f000007), Fact::kRun},
                      Surprise{"AGuestThatCouldNotBeCreated", "power10", std::nullopt,
                               Run{RunOutcome::kFailed, "", "KVM_CREATE_VM ENOMEM"}, std::nullopt, Fact::kRun},
                      Surprise{"AGuestAtAnotherLevel", "power10", kTaken10, kEnded, seen(0x0f000005), Fact::kGuest},
                      Surprise{"ASilentGuest", "power10", kTaken10, kEnded, std::nullopt, Fact::kGuest},
                      Surprise{"AGuestOnOtherSilicon", "power10", kTaken10, kEnded,
                               Seen{0x0f000006, PhysicalPvr{0x00801200}, std::nullopt}, Fact::kGuest}),
    [](const auto &row) { return row.param.name; });

TEST(Verdict, ExpectsARawGuestToSeeTheSilicon) {
  const auto host = reference();
  const auto set = trial(TrialOutcome::kTaken, 0, 0);
  EXPECT_EQ(verdict_of(Target::raw(), host, {set, kEnded, seen(0x00821200)}).verdict, Verdict::kRefused);
  EXPECT_EQ(verdict_of(Target::raw(), host, {set, kEnded, seen(0x0f000006)}).disagrees, Fact::kGuest);
  const auto honest = on("power11", 0, "7.2.13");
  EXPECT_EQ(verdict_of(Target::raw(), honest, {set, kEnded, seen(0x00821200)}).verdict, Verdict::kWorks);
}

Negotiated agreed(const char *level_name, bool listed) {
  return {at(level_name), listed, "power8, power9, power10", ""};
}
Seen linux_seen(std::uint32_t cpu_version, const char *platform) {
  return {cpu_version, PhysicalPvr{0x00821200}, platform};
}

TEST(Verdict, ChecksThePlatformOfALinuxGuest) {
  const auto host = reference();
  const auto verdict = [&](Seen saw) {
    return verdict_of(at("power10"), host, {kTaken10, kEnded, std::move(saw), agreed("power10", true)}, Guest::kLinux);
  };
  EXPECT_EQ(verdict(linux_seen(0x0f000006, "power10")).verdict, Verdict::kWorks);
  EXPECT_EQ(verdict(linux_seen(0x0f000006, "power9")).disagrees, Fact::kGuest);
  EXPECT_EQ(verdict(seen(0x0f000006)).disagrees, Fact::kGuest);
}

TEST(Verdict, IsRefusedByTheGuestsKernelWhenItDoesNotListTheLevel) {
  const auto host = on("power11", 0, "7.2.13");
  const auto judgement =
      verdict_of(at("power11"), host, {kTaken11, kEnded, linux_seen(0x0f000006, "power10"), agreed("power10", false)},
                 Guest::kLinux);
  EXPECT_EQ(judgement.verdict, Verdict::kRefused);
  EXPECT_THAT(judgement.reason, HasSubstr("by the guest's own kernel, which lists power8, power9, power10"));
}

TEST(Verdict, IsASurpriseWhenAListedLevelWasNotNegotiated) {
  const auto host = on("power11", 0, "7.2.13");
  const auto disagrees = [&](std::optional<Negotiated> negotiated, std::uint32_t cpu_version) {
    return verdict_of(at("power11"), host,
                      {kTaken11, kEnded, linux_seen(cpu_version, "power11"), std::move(negotiated)}, Guest::kLinux);
  };
  EXPECT_EQ(disagrees(agreed("power10", true), 0x0f000006).disagrees, Fact::kSet);
  const auto failed = disagrees(Negotiated{std::nullopt, true, "power11", "the kernel refused it"}, 0x0f000007);
  EXPECT_EQ(failed.disagrees, Fact::kSet);
  EXPECT_THAT(failed.reason, HasSubstr("agreed on no level: the kernel refused it"));
}

TEST(Verdict, IsNeverWorksForALinuxWithoutAnAgreedLevel) {
  const auto host = reference();
  const Facts facts{kTaken10, kEnded, linux_seen(0x0f000006, "power10"), std::nullopt};
  EXPECT_EQ(verdict_of(at("power10"), host, facts, Guest::kLinux).disagrees, Fact::kGuest);
  Facts unlisted = facts;
  unlisted.negotiated = Negotiated{std::nullopt, false, "power8", "nothing in common"};
  const auto refused = verdict_of(at("power10"), host, unlisted, Guest::kLinux);
  EXPECT_EQ(refused.verdict, Verdict::kRefused);
  EXPECT_THAT(refused.reason, HasSubstr("which lists power8 and agreed on no level"));
}

TEST(Verdict, IsNotApplicableForALinuxWithOnlyTheHashMmu) {
  const auto host = on("power11-as-power10", 1, "7.2.13");
  const auto judgement = verdict_of(at("power8"), host, {}, Guest::kLinux);
  EXPECT_EQ(judgement.verdict, Verdict::kNotApplicable);
  EXPECT_THAT(judgement.reason, HasSubstr("only radix"));
  const CellId builtin{host_id(host), at("power8"), Guest::kBuiltin, true};
  EXPECT_FALSE(cannot_be_tried(builtin, host));
  auto bare_metal = on("powernv-power10", 0, "7.2.13");
  bare_metal.facts.kvm.capabilities["KVM_CAP_PPC_MMU_HASH_V3"] = 1;
  EXPECT_FALSE(cannot_be_tried({host_id(bare_metal), at("power8"), Guest::kLinux, false}, bare_metal));
}

TEST(AGuestsConsole, IsReadForTheBuiltinGuestAndForLinux) {
  const Seen read = read_guest(
      "Hello from a guest on POWER.\r\nphysical PVR: 0x00821200\r\nlevel: power10 (cpu-version 0x0f000006)\r\n");
  EXPECT_EQ(read.cpu_version, 0x0f000006u);
  EXPECT_EQ(read.pvr, PhysicalPvr{0x00821200});
  EXPECT_EQ(read.platform, std::nullopt);
  const Seen linux_read =
      read_guest("physical PVR: 0x00821200\r\nAT_PLATFORM: power10\r\ncpu-version 0x0f000006 (PowerPC,POWER11@0)\r\n");
  EXPECT_EQ(linux_read.cpu_version, 0x0f000006u);
  EXPECT_EQ(linux_read.pvr, PhysicalPvr{0x00821200});
  EXPECT_EQ(linux_read.platform, "power10");
}

TEST(AGuestsConsole, MayContainGarbage) {
  for (const char *garbage :
       {"", "cpu-version ", "cpu-version \r\n", "cpu-version zero", "cpu-version 0x0f00000600000006",
        "cpu-version 9999999999", "physical PVR: ", "AT_PLATFORM"}) {
    const auto nothing = read_guest(garbage);
    EXPECT_FALSE(nothing.cpu_version) << garbage;
    EXPECT_FALSE(nothing.pvr) << garbage;
    EXPECT_FALSE(nothing.platform) << garbage;
  }
}

}  // namespace
}  // namespace parley::matrix
