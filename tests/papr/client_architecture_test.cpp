// SPDX-License-Identifier: Apache-2.0
//
// Negotiations on the lab's reference host: a partition at the POWER10 level of a Power11 machine.
#include "parley/papr/client_architecture.hpp"

#include <gmock/gmock.h>

#include "cas_vector.hpp"
#include "context.hpp"
#include "guests.hpp"
#include "parley/papr/option_vectors.hpp"

namespace parley::papr {
namespace {

using compat::Target;
using parley::testing::CasVector;
using parley::testing::grub_vector;
using parley::testing::kLast;
using parley::testing::kPower10;
using parley::testing::kPower10Raw;
using parley::testing::kPower11;
using parley::testing::kPower11Raw;
using parley::testing::kPower8;
using parley::testing::kPower9;
using parley::testing::linux_vector;
using parley::testing::reference_offer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ClientArchitectureSupport : public parley::testing::PaprTest {
 protected:
  ClientArchitectureSupport() { partition_.offered = reference_offer(); }

  // Returns the agreed level, or "" for none.
  std::string negotiate(const CasVector &vector) {
    const Bytes bytes = vector.bytes();
    put(0x1000, bytes);
    return negotiate_at(0x1000);
  }
  std::string negotiate_at(std::uint64_t at) {
    const std::size_t before = partition_.outcomes.size();
    const bool agreed = negotiate_architecture(context_, GuestAddress{at});
    EXPECT_EQ(partition_.outcomes.size(), before + 1) << "each negotiation has one outcome";
    EXPECT_EQ(outcome().level.has_value(), agreed);
    return outcome().level ? short_name(*outcome().level) : "";
  }
  const NegotiationOutcome &outcome() const { return partition_.outcomes.back(); }

  // The result for `entry` of the last list.
  compat::EntryFate fate(compat::PvrEntry entry) const {
    const auto found = std::ranges::find(outcome().table.entries, entry, &compat::EntryFate::entry);
    return found == outcome().table.entries.end() ? compat::EntryFate{} : *found;
  }

  // Linux' vector with this processor list.
  static CasVector listing(std::vector<compat::PvrEntry> processors) {
    CasVector vector = linux_vector();
    vector.processors = std::move(processors);
    return vector;
  }
};

// --- Real guests and variants

TEST_F(ClientArchitectureSupport, LinuxAsksForEverythingAndGetsTheHostsLevel) {
  EXPECT_EQ(negotiate(linux_vector()), "power10");
  EXPECT_THAT(partition_.asked, ElementsAre("level power10"));
  EXPECT_EQ(outcome().problem, "");
  EXPECT_EQ(outcome().offered, "power10, power9");
  EXPECT_EQ(outcome().guest_list, "power6, power7, power8, power9, power10, power11, raw");
  EXPECT_EQ(outcome().operating_system, "Linux version 7.2.13");
  EXPECT_EQ(partition_.vector5, grant_all({}));
}

TEST_F(ClientArchitectureSupport, TheTableGivesTheResultOfEachEntry) {
  negotiate(linux_vector());
  EXPECT_THAT(outcome().table.entries, SizeIs(16));
  EXPECT_EQ(fate(kPower10).match, "power10");
  EXPECT_EQ(fate(kPower10).fate, "offered");
  EXPECT_EQ(fate(kPower9).fate, "offered");
  EXPECT_EQ(fate(kPower11).match, "power11");
  EXPECT_THAT(fate(kPower11).fate, HasSubstr("above power10"));
  EXPECT_THAT(fate(kPower8).fate, HasSubstr("radix"));
  EXPECT_EQ(fate(kPower11Raw).match, "raw");
  EXPECT_THAT(fate(kPower11Raw).fate, HasSubstr("raw was not requested"));
  EXPECT_EQ(fate(kPower10Raw).match, "-") << "the silicon differs";
}

TEST_F(ClientArchitectureSupport, ACapBelowTheHostsLevelLimitsTheOffer) {
  partition_.offered = reference_offer("power9");
  EXPECT_EQ(negotiate(linux_vector()), "power9");
  EXPECT_THAT(fate(kPower10).fate, HasSubstr("above power9"));
}

TEST_F(ClientArchitectureSupport, AKernelOlderThanTheHostGetsItsBestLevel) {
  EXPECT_EQ(negotiate(listing({{0xffff0000, 0x004e0000}, kPower9, kPower8, kLast})), "power9");
}

TEST_F(ClientArchitectureSupport, GrubAcceptsAnyProcessorWithItsLastEntry) {
  EXPECT_EQ(negotiate(grub_vector()), "power10");
  EXPECT_EQ(outcome().operating_system, "");
  EXPECT_EQ(partition_.vector5, grant_all({})) << "GRUB has no vector 5";
}

TEST_F(ClientArchitectureSupport, AnyArchitectedProcessorMatchesEachLevelButNotRaw) {
  partition_.offered = {{Target::raw()}, {}, parley::testing::kReferencePvr};
  EXPECT_EQ(negotiate(listing({{0xff000000, 0x0fffffff}})), "");
  partition_.offered = reference_offer();
  EXPECT_EQ(negotiate(listing({{0xff000000, 0x0fffffff}})), "power10");
}

TEST_F(ClientArchitectureSupport, AGuestForTheSiliconOnlyIsRefusedIfTheHostHasALowerLevel) {
  EXPECT_EQ(negotiate(listing({kPower11Raw, kLast})), "");
  EXPECT_THAT(partition_.asked, IsEmpty()) << "no level must be set, in particular not raw";
  EXPECT_EQ(outcome().problem, "the guest's list contains no offered level");
}

TEST_F(ClientArchitectureSupport, RawIsTakenIfItIsOfferedAndListed) {
  partition_.offered = {{Target::raw()}, {}, parley::testing::kReferencePvr};
  EXPECT_EQ(negotiate(linux_vector()), "raw");
  EXPECT_EQ(negotiate(listing({kPower10Raw, kPower10, kLast})), "");
}

TEST_F(ClientArchitectureSupport, AListWithoutALastEntryOrOutsideRamChangesNothing) {
  EXPECT_EQ(negotiate_at(kRamSize), "");
  EXPECT_EQ(negotiate_at(0xffffffff), "");
  EXPECT_EQ(negotiate_at(0), "") << "zeros only";
  EXPECT_THAT(outcome().problem, HasSubstr("no last entry"));
  put(kRamSize - 20, ByteView(linux_vector().bytes()).first(20));
  EXPECT_EQ(negotiate_at(kRamSize - 20), "");
  EXPECT_THAT(outcome().problem, HasSubstr("extends beyond the guest's memory"));
  EXPECT_THAT(partition_.asked, IsEmpty());
  EXPECT_EQ(partition_.vector5, Bytes());
}

TEST_F(ClientArchitectureSupport, AKernelWhoseVector5IsTooShortForRadixCannotRunHere) {
  CasVector vector = linux_vector();
  vector.vector5().resize(23);
  EXPECT_EQ(negotiate(vector), "");
  EXPECT_THAT(outcome().problem, HasSubstr("hash MMU"));
  EXPECT_THAT(partition_.asked, IsEmpty());
  EXPECT_EQ(fate(kPower10).fate, "offered") << "the level is not the reason";
}

TEST_F(ClientArchitectureSupport, AGuestThatSupportsBothMmusGetsRadix) {
  CasVector vector = linux_vector();
  vector.set5(24, 0xc0);
  EXPECT_EQ(negotiate(vector), "power10");
  EXPECT_EQ(partition_.vector5.at(24), std::byte{0x40});
}

// --- The hash MMU, on bare metal

class WithBothMmus : public ClientArchitectureSupport {
 protected:
  WithBothMmus() {
    partition_.offered = {{Target::of(level("power10")), Target::of(level("power9")), Target::of(level("power8"))},
                          {},
                          parley::testing::kReferencePvr};
    partition_.choice.hash = true;
  }
  static CasVector with_hash(CasVector vector = linux_vector()) {
    vector.set5(24, 0);
    vector.set5(26, 0);
    return vector;
  }
};

TEST_F(WithBothMmus, AGuestThatChoosesRadixKeepsItAndGetsNoLevelWithoutIt) {
  EXPECT_EQ(negotiate(linux_vector()), "power10");
  EXPECT_THAT(partition_.asked, ElementsAre("level power10"));
  EXPECT_EQ(partition_.vector5, grant_all({}));
  EXPECT_EQ(negotiate(listing({kPower8, kLast})), "");
  EXPECT_EQ(fate(kPower8).fate, "it has no radix MMU, which the guest chose");
}

TEST_F(WithBothMmus, AGuestThatChoosesHashGetsItBeforeItsLevel) {
  EXPECT_EQ(negotiate(with_hash()), "power10");
  EXPECT_THAT(partition_.asked, ElementsAre("hash", "level power10"));
  EXPECT_EQ(partition_.vector5.at(24), std::byte{0});
  EXPECT_EQ(partition_.vector5.at(26), std::byte{0});
}

TEST_F(WithBothMmus, AnOldKernelGetsHashAndALevelWithoutRadix) {
  CasVector vector = listing({kPower8, kLast});
  vector.vector5().resize(22);
  EXPECT_EQ(negotiate(vector), "power8");
  EXPECT_THAT(partition_.asked, ElementsAre("hash", "level power8"));
}

TEST_F(WithBothMmus, AGuestMayChooseAgain) {
  negotiate(with_hash());
  partition_.asked.clear();
  EXPECT_EQ(negotiate(grub_vector()), "power10") << "GRUB keeps the MMU";
  EXPECT_EQ(partition_.vector5.at(24), std::byte{0});
  EXPECT_EQ(negotiate(linux_vector()), "power10");
  EXPECT_THAT(partition_.asked, ElementsAre("level power10", "radix", "level power10"));
}

TEST_F(WithBothMmus, AGuestWithoutALevelKeepsItsMmu) {
  partition_.offered.targets = {Target::of(level("power10"))};
  partition_.refused = partition_.offered.targets;
  EXPECT_EQ(negotiate(with_hash()), "");
  EXPECT_THAT(partition_.asked, ElementsAre("hash", "level power10", "radix"));
}

TEST_F(WithBothMmus, TheNegotiationFailsIfTheKernelRefusesTheMmu) {
  partition_.changes_mmu = false;
  EXPECT_EQ(negotiate(with_hash()), "");
  EXPECT_THAT(partition_.asked, ElementsAre("hash"));
  EXPECT_EQ(outcome().problem, "no other MMU");
}

TEST_F(WithBothMmus, AGuestThatHasOnlyHashIsNotGivenRadix) {
  partition_.choice.radix = false;
  partition_.translation = compat::Translation::kHash;
  EXPECT_EQ(negotiate(linux_vector()), "");
  EXPECT_THAT(outcome().problem, HasSubstr("radix"));
  EXPECT_EQ(negotiate(with_hash()), "power10");
}

TEST_F(ClientArchitectureSupport, AGuestBelowTheLowestLevelOfAPartitionIsRefused) {
  EXPECT_EQ(negotiate(listing({{0xffff0000, 0x004d0000}, kPower8, kLast})), "");
  EXPECT_EQ(outcome().guest_list, "power8");
  EXPECT_THAT(fate(kPower8).fate, HasSubstr("radix"));
  EXPECT_THAT(partition_.asked, IsEmpty());
}

TEST_F(ClientArchitectureSupport, ASecondNegotiationStartsFromTheBeginningAndMayGoHigher) {
  EXPECT_EQ(negotiate(listing({kPower9, kLast})), "power9");
  EXPECT_EQ(negotiate(linux_vector()), "power10");
  EXPECT_EQ(negotiate(listing({kPower9, kLast})), "power9");
}

TEST_F(ClientArchitectureSupport, TheLastEntryOfLinuxSelectsNoLevel) {
  EXPECT_EQ(negotiate(listing({kLast})), "");
  EXPECT_EQ(fate(kLast).match, "-");
  EXPECT_THAT(partition_.asked, IsEmpty());
}

// --- Refusals

TEST_F(ClientArchitectureSupport, TheNextLowerLevelFollowsOneThatTheKernelRefuses) {
  partition_.refused = {Target::of(level("power10"))};
  EXPECT_EQ(negotiate(linux_vector()), "power9");
  EXPECT_THAT(partition_.asked, ElementsAre("level power10", "level power9"));
  EXPECT_EQ(outcome().problem, "no power10");
  EXPECT_EQ(fate(kPower10).fate, "refused by the kernel: no power10");
  EXPECT_EQ(fate(kPower9).fate, "offered");
}

TEST_F(ClientArchitectureSupport, AnEntryForSeveralLevelsNamesTheRefusedOne) {
  partition_.refused = {Target::of(level("power10"))};
  EXPECT_EQ(negotiate(grub_vector()), "power9");
  EXPECT_THAT(fate(grub_vector().processors[0]).fate, HasSubstr("offered; "));
  EXPECT_THAT(fate(grub_vector().processors[0]).fate, HasSubstr("; power10 is refused by the kernel: no power10"));
}

TEST_F(ClientArchitectureSupport, ARefusalOfRawIsNotedAtTheSiliconsEntry) {
  partition_.offered = {{Target::raw()}, {}, parley::testing::kReferencePvr};
  partition_.refused = {Target::raw()};
  EXPECT_EQ(negotiate(linux_vector()), "");
  EXPECT_EQ(fate(kPower11Raw).fate, "refused by the kernel: no raw");
}

TEST_F(ClientArchitectureSupport, TheNegotiationFailsIfTheKernelRefusesAllLevels) {
  partition_.refused = {Target::of(level("power10")), Target::of(level("power9"))};
  EXPECT_EQ(negotiate(linux_vector()), "");
  EXPECT_THAT(partition_.asked, ElementsAre("level power10", "level power9")) << "and never raw";
  EXPECT_EQ(outcome().problem, "no power10; no power9");
}

TEST_F(ClientArchitectureSupport, ItIsRefusedWhileOtherProcessorsRun) {
  partition_.others_run = true;
  EXPECT_EQ(negotiate(linux_vector()), "");
  EXPECT_THAT(outcome().problem, HasSubstr("other processors"));
  EXPECT_THAT(partition_.asked, IsEmpty());
}

TEST_F(ClientArchitectureSupport, ItIsRefusedIfTheGuestNegotiatesTooOften) {
  partition_.negotiates = false;
  EXPECT_EQ(negotiate(linux_vector()), "");
  EXPECT_THAT(outcome().problem, HasSubstr("too often"));
  EXPECT_THAT(partition_.asked, IsEmpty());
}

TEST_F(ClientArchitectureSupport, AGuestThatRequiresXiveIsRefused) {
  CasVector vector = linux_vector();
  vector.set5(23, 0x40);
  EXPECT_EQ(negotiate(vector), "");
  EXPECT_THAT(outcome().problem, HasSubstr("XIVE"));
  EXPECT_THAT(partition_.asked, IsEmpty());
}

}  // namespace
}  // namespace parley::papr
