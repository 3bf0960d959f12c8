// SPDX-License-Identifier: Apache-2.0
//
// The specification of compat fallback, as a matrix: host level x guest level x kernel x API. Each cell runs the policy
// and then the machine on the fake kernel, which follows Linux's rules. Their combined result must agree with
// is_legal() below, and the guest must never be entered at a level other than the announced one.
#include <gtest/gtest.h>

#include <algorithm>

#include "host/hosts.hpp"
#include "kvm/fake_kvm.hpp"
#include "parley/machine/machine.hpp"
#include "parley/machine/probe.hpp"

namespace parley::machine {
namespace {

using compat::Target;
using parley::testing::Api;
using parley::testing::FakeHost;
using parley::testing::FakeKvm;

constexpr const char *kGuests[] = {"power8", "power9", "power10", "power11"};

struct HostRow {
  const char *tree;   // devicetree/hosts
  std::uint32_t pvr;  // of the silicon
  const char *level;  // of the partition
  bool bare_metal;
};

constexpr HostRow kHosts[] = {
    {"power9", 0x004e1202, "power9", false},          {"power10-as-power9", 0x00801200, "power9", false},
    {"power10", 0x00801200, "power10", false},        {"power11-as-power10", 0x00821200, "power10", false},
    {"power11", 0x00821200, "power11", false},        {"powernv-power9", 0x004e1202, "power9", true},
    {"powernv-power10", 0x00801200, "power10", true}, {"powernv-power11", 0x00821200, "power11", true},
};

// The rule: a level is legal up to the host's, and in a partition from power9 on. It does not depend on the kernel or
// the API.
bool is_legal(const HostRow &host, Level guest) {
  return guest <= level(host.level) && (host.bare_metal || guest >= level("power9"));
}

class Cell : public ::testing::TestWithParam<std::tuple<HostRow, const char *, bool, bool>> {
 protected:
  HostRow host_row() const { return std::get<0>(GetParam()); }
  Level guest() const { return level(std::get<1>(GetParam())); }
  bool fixed() const { return std::get<2>(GetParam()); }

  FakeHost fake_host() const {
    const bool v2 = std::get<3>(GetParam());
    FakeHost fake;
    fake.api = host_row().bare_metal ? Api::kBareMetal : v2 ? Api::kNestedV2 : Api::kNestedV1;
    fake.level = level(host_row().level);
    fake.pvr = PhysicalPvr{host_row().pvr};
    fake.fixed = fixed();
    return fake;
  }
  compat::AssessedHost known_host(FakeKvm &fake) const {
    host::Facts facts = parley::testing::tree_only(host_row().tree);
    facts.system.machine = "ppc64le";
    facts.kvm = probe_kvm(fake);
    auto capabilities = host::assess(facts);
    return {std::move(facts), std::move(capabilities)};
  }
  static End run(FakeKvm &fake, const compat::Decision &decision, const compat::AssessedHost &host) {
    Observer silent;
    silent.notice = [](const Notice &) {};
    guest::GuestRequest request;
    request.memory_size = guest::kMinMemory;
    request.payload = guest::builtin_payload();
    const auto interface = papr_interface(host.facts.kvm, compat::platform_for(decision.chosen, host));
    auto plan = guest::plan_machine(std::move(request), decision, host, interface);
    auto devices = devices::Devices::build(plan->devices).value();
    return Machine::build({fake, devices}, std::move(*plan), silent)->run();
  }
};

TEST_P(Cell, IsRefusedByThePolicyOrRunsAtExactlyItsLevel) {
  FakeKvm fake(fake_host());
  const compat::AssessedHost host = known_host(fake);
  const compat::Wish wish{{{compat::Request::Kind::kTarget, Target::of(guest())}}, false, false};
  const auto decision = compat::decide(wish, host);
  ASSERT_EQ(decision.has_value(), is_legal(host_row(), guest()));
  if (!decision) {
    EXPECT_TRUE(fake.levels_asked().empty());
    return;
  }
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, *decision, host)));
  EXPECT_EQ(fake.levels_entered(), std::vector{guest().pvr().value});
  EXPECT_EQ(fake.is_hash(), guest() < level("power9"));
}

TEST_P(Cell, FallsBackToTheHighestLegalLevelAtOrBelowIt) {
  FakeKvm fake(fake_host());
  const compat::AssessedHost host = known_host(fake);
  const compat::Wish wish{{{compat::Request::Kind::kTarget, Target::of(guest())}}, true, false};
  std::optional<Level> expected;
  for (const Level candidate : Level::all()) {
    if (candidate <= guest() && is_legal(host_row(), candidate)) expected = candidate;
  }
  const auto decision = compat::decide(wish, host);
  ASSERT_EQ(decision.has_value(), expected.has_value());
  if (!decision) return;
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(run(fake, *decision, host)));
  EXPECT_EQ(fake.levels_entered(), std::vector{expected->pvr().value});
}

TEST_P(Cell, ForcedNeverRunsAtALevelThatDoesNotReadBack) {
  FakeKvm fake(fake_host());
  const compat::AssessedHost host = known_host(fake);
  const compat::Wish wish{{{compat::Request::Kind::kTarget, Target::of(guest())}}, false, true};
  const End end = run(fake, compat::decide(wish, host).value(), host);
  for (const std::uint32_t entered : fake.levels_entered()) EXPECT_EQ(entered, guest().pvr().value);
  EXPECT_EQ(std::holds_alternative<GuestEnded>(end), !fake.levels_entered().empty());
}

// The only cell where the kernels differ: power11 on a host of level power10.
class TooHighCell : public Cell {};

TEST_P(TooHighCell, ForcedShowsWhetherTheKernelHasTheFix) {
  FakeKvm fake(fake_host());
  const compat::AssessedHost host = known_host(fake);
  const compat::Wish wish{{{compat::Request::Kind::kTarget, Target::of(guest())}}, false, true};
  const End end = run(fake, compat::decide(wish, host).value(), host);
  EXPECT_EQ(std::holds_alternative<LevelRefused>(end), fixed());
}

std::string cell_name(const ::testing::TestParamInfo<Cell::ParamType> &cell) {
  std::string name = std::string(std::get<0>(cell.param).tree) + "_guest_" + std::get<1>(cell.param) +
                     (std::get<2>(cell.param) ? "_fixed" : "_unfixed") + (std::get<3>(cell.param) ? "_v2" : "_v1");
  std::ranges::replace(name, '-', '_');
  return name;
}

const auto kPartitions = ::testing::Values(kHosts[0], kHosts[1], kHosts[2], kHosts[3], kHosts[4]);
const auto kBareMetal = ::testing::Values(kHosts[5], kHosts[6], kHosts[7]);

INSTANTIATE_TEST_SUITE_P(Partition, Cell,
                         ::testing::Combine(kPartitions, ::testing::ValuesIn(kGuests), ::testing::Bool(),
                                            ::testing::Bool()),
                         cell_name);
INSTANTIATE_TEST_SUITE_P(BareMetal, Cell,
                         ::testing::Combine(kBareMetal, ::testing::ValuesIn(kGuests), ::testing::Bool(),
                                            ::testing::Values(false)),
                         cell_name);
INSTANTIATE_TEST_SUITE_P(Partition, TooHighCell,
                         ::testing::Combine(::testing::Values(kHosts[2], kHosts[3]), ::testing::Values("power11"),
                                            ::testing::Bool(), ::testing::Bool()),
                         cell_name);
INSTANTIATE_TEST_SUITE_P(BareMetal, TooHighCell,
                         ::testing::Combine(::testing::Values(kHosts[6]), ::testing::Values("power11"),
                                            ::testing::Bool(), ::testing::Values(false)),
                         cell_name);

TEST(KvmPr, SupportsNoLevel) {
  FakeKvm fake{{.backend = parley::testing::Backend::kPr, .api = Api::kBareMetal}};
  host::Facts facts = parley::testing::tree_only("powernv-power10");
  facts.kvm = probe_kvm(fake);
  const compat::AssessedHost host{facts, host::assess(facts)};
  for (const char *guest : kGuests) {
    EXPECT_FALSE(compat::decide({{{compat::Request::Kind::kTarget, Target::of(level(guest))}}, false, false}, host))
        << guest;
  }
}

}  // namespace
}  // namespace parley::machine
