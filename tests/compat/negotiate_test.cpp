// SPDX-License-Identifier: Apache-2.0
#include "parley/compat/negotiate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/hosts.hpp"

namespace parley::compat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr PhysicalPvr kPower11Pvr{0x00821200};

// With the PVR of a Power11 for every tree.
AssessedHost host_named(const std::string &name) {
  host::Facts facts = parley::testing::tree_only(name);
  facts.kvm.pvr = kPower11Pvr;
  auto capabilities = host::assess(facts);
  return {std::move(facts), std::move(capabilities)};
}

Offer offer_for(const AssessedHost &host, std::string_view wish, bool force = false, bool fallback = false) {
  return make_offer(decide({parse_wish(wish).value(), fallback, force}, host).value(), host);
}

Target named(std::string_view name) { return parse_wish(name).value().front().target; }

// --- The offer

struct OfferCase {
  std::string host;
  std::string wish;
  std::string offered;  // best first
  // The other targets with radix, in the order of the offer, each with a part of its reason.
  std::vector<std::pair<std::string, std::string>> withheld;
  bool force = false;
  bool fallback = false;
};

void PrintTo(const OfferCase &offer, std::ostream *stream) { *stream << offer.wish << " on " << offer.host; }

class MakeOffer : public ::testing::TestWithParam<OfferCase> {};

TEST_P(MakeOffer, OffersOrWithholdsEveryLevelAndRaw) {
  OfferCase expected = GetParam();
  for (const char *hash_only : {"power8", "power7+", "power7", "power6"})
    expected.withheld.emplace_back(hash_only, "no radix");
  const Offer offer = offer_for(host_named(expected.host), expected.wish, expected.force, expected.fallback);
  EXPECT_EQ(describe(offer), expected.offered);
  EXPECT_EQ(offer.pvr, kPower11Pvr);
  ASSERT_EQ(offer.withheld.size(), expected.withheld.size());
  for (std::size_t i = 0; i < offer.withheld.size(); ++i) {
    EXPECT_EQ(short_name(offer.withheld[i].target), expected.withheld[i].first);
    EXPECT_THAT(offer.withheld[i].why, HasSubstr(expected.withheld[i].second)) << expected.withheld[i].first;
  }
}

constexpr const char *kNotAsked = "raw was not requested";

INSTANTIATE_TEST_SUITE_P(
    Hosts, MakeOffer,
    ::testing::Values(
        OfferCase{"power11-as-power10", "auto", "power10, power9", {{"raw", kNotAsked}, {"power11", "above power10"}}},
        OfferCase{"power11-as-power10",
                  "power9",
                  "power9",
                  {{"raw", kNotAsked}, {"power11", "above power9"}, {"power10", "above power9"}}},
        OfferCase{
            "power9", "auto", "power9", {{"raw", kNotAsked}, {"power11", "above power9"}, {"power10", "above power9"}}},
        OfferCase{
            "power11",
            "raw",
            "raw",
            {{"power11", "raw was requested"}, {"power10", "raw was requested"}, {"power9", "raw was requested"}}},
        OfferCase{"powernv-power11", "auto", "power11, power10, power9", {{"raw", kNotAsked}}},
        // --force offers the refused level, and the legal levels below it.
        OfferCase{.host = "power11-as-power10",
                  .wish = "power11",
                  .offered = "power11, power10, power9",
                  .withheld = {{"raw", kNotAsked}},
                  .force = true},
        OfferCase{.host = "power11-as-power10",
                  .wish = "0x0f000008",
                  .offered = "0x0f000008",
                  .withheld = {{"raw", kNotAsked},
                               {"power11", "0x0f000008 was requested"},
                               {"power10", "0x0f000008 was requested"},
                               {"power9", "0x0f000008 was requested"}},
                  .force = true},
        // A list keeps its own order, which may differ from the order of levels.
        OfferCase{"power11", "power9,power10", "power9, power10", {{"raw", kNotAsked}, {"power11", "above power9"}}},
        OfferCase{"power11", "power9,power10,power11", "power9, power10, power11", {{"raw", kNotAsked}}},
        OfferCase{"power11", "power10,raw", "power10, raw, power9", {{"power11", "above power10"}}},
        OfferCase{.host = "power11-as-power10",
                  .wish = "power11",
                  .offered = "power10, power9",
                  .withheld = {{"raw", kNotAsked}, {"power11", "above power10"}},
                  .fallback = true}));

TEST(Offer, LeavesOutALevelThatTheKernelRefused) {
  AssessedHost host = host_named("power11");
  host.facts.kvm.access = host::KvmAccess::kHv;
  host.facts.kvm.trials = {{level("power9").pvr(), host::TrialOutcome::kRefused, 22, LogicalPvr{0}}};
  host.capabilities = host::assess(host.facts);
  const Offer offer = offer_for(host, "auto");
  EXPECT_EQ(describe(offer), "power11, power10");
  const auto withheld = std::ranges::find(offer.withheld, named("power9"), &Offer::Withheld::target);
  ASSERT_NE(withheld, offer.withheld.end());
  EXPECT_THAT(withheld->why, HasSubstr("EINVAL"));
}

TEST(Offer, TakesThePvrOfRawFromKvmOrFromCpuinfo) {
  host::Facts facts = parley::testing::tree_only("power10");
  const auto pvr_of = [&] { return offer_for({facts, host::assess(facts)}, "auto").pvr; };
  EXPECT_EQ(pvr_of(), PhysicalPvr{0});
  facts.system.cpuinfo_pvr = PhysicalPvr{0x00800200};
  EXPECT_EQ(pvr_of(), PhysicalPvr{0x00800200});
  facts.kvm.pvr = kPower11Pvr;
  EXPECT_EQ(pvr_of(), kPower11Pvr);
}

TEST(Offer, CanBeLimitedToOneOfItsTargets) {
  Offer offer = offer_for(host_named("power11"), "auto");
  const Offer before = offer;
  offer.limit_to(named("power8"), "it was never offered");
  offer.limit_to(named("power11"), "nothing is better");
  EXPECT_EQ(offer, before);
  offer.limit_to(named("power9"), "the kernel refused it");
  EXPECT_EQ(describe(offer), "power9");
  ASSERT_EQ(offer.withheld.size(), before.withheld.size() + 2);
  EXPECT_EQ(offer.withheld.end()[-2], (Offer::Withheld{named("power11"), "the kernel refused it"}));
  EXPECT_EQ(offer.withheld.end()[-1], (Offer::Withheld{named("power10"), "the kernel refused it"}));
}

// --- The guest's list

TEST(PvrEntry, IsTheLastWhenItsValueHasBitsOutsideItsMask) {
  EXPECT_TRUE((PvrEntry{0, 0xffffffff}.is_last()));
  EXPECT_TRUE((PvrEntry{0xfffffffe, 0x0f000001}.is_last()));
  EXPECT_FALSE((PvrEntry{0xffffffff, 0x0f000006}.is_last()));
  EXPECT_FALSE((PvrEntry{0, 0}.is_last()));
}

TEST(PvrEntry, CoversPvrsThatAreEqualUnderItsMask) {
  const PvrEntry power11{0xffff0000, 0x00820000};
  EXPECT_TRUE(power11.covers(0x00821200));
  EXPECT_FALSE(power11.covers(0x00801200));
  const PvrEntry last{0xfffffffe, 0x0f000001};
  EXPECT_TRUE(last.covers(0x0f000000));
  EXPECT_TRUE(last.covers(0x0f000001));
  EXPECT_FALSE(last.covers(0x0f000002));
}

std::string candidates(const std::vector<PvrEntry> &list, const Offer &offer) {
  std::string names;
  for (const Target target : negotiate(list, offer).candidates) names += short_name(target) + " ";
  return names;
}

TEST(Negotiate, FollowsTheOrderOfTheOffer) {
  const std::vector<PvrEntry> list{{0xffffffff, 0x0f000005}, {0xffffffff, 0x0f000006}, {0xffffffff, 0x0f000007}};
  EXPECT_EQ(candidates(list, offer_for(host_named("power11"), "auto")), "power11 power10 power9 ");
  EXPECT_EQ(candidates(list, offer_for(host_named("power11"), "power9,power10")), "power9 power10 ");
  EXPECT_EQ(candidates({}, offer_for(host_named("power11"), "auto")), "");
}

TEST(Negotiate, ListsTheLevelsThatAnEntryCoversWithReasons) {
  const Offer offer = offer_for(host_named("power11-as-power10"), "auto");
  const auto fates =
      negotiate(std::vector<PvrEntry>{{0xfffffffe, 0x0f000006}, {0xffff0000, 0x003f0000}}, offer).entries;
  ASSERT_EQ(fates.size(), 2u);
  EXPECT_EQ(fates[0].match, "power10, power11");
  EXPECT_EQ(fates[0].fate, "offered; above power10, the highest level for this guest");
  EXPECT_EQ(fates[1].match, "-");
  EXPECT_EQ(fates[1].fate, "no known level");
}

TEST(Negotiate, GivesEachReasonOnce) {
  const auto fates = negotiate(std::vector<PvrEntry>{{0, 0xffffffff}}, offer_for(host_named("power11"), "raw")).entries;
  EXPECT_EQ(fates.at(0).match, "raw, power11, power10, power9, power8, power7+, power7, power6");
  EXPECT_EQ(fates.at(0).fate, "offered; raw was requested; it has no radix MMU, and guests here have only radix");
}

TEST(Negotiate, DescribesAListByItsLevels) {
  EXPECT_EQ(describe(std::vector<PvrEntry>{{0, 0xffffffff}}, kPower11Pvr),
            "power6, power7, power7+, power8, power9, power10, power11, raw");
  EXPECT_EQ(describe(std::vector<PvrEntry>{{0xffff0000, 0x00820000}}, kPower11Pvr), "raw");
  EXPECT_EQ(describe(std::vector<PvrEntry>{{0xffff0000, 0x00800000}}, kPower11Pvr), "no known level");
}

}  // namespace
}  // namespace parley::compat
