// SPDX-License-Identifier: Apache-2.0
#include "parley/matrix/cell_id.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/hosts.hpp"

namespace parley::matrix {
namespace {

using compat::Target;
using ::testing::HasSubstr;

TEST(CellName, ContainsEverythingThatAWorkerNeedsToKnow) {
  const HostId host{"power11", "power10", "v2", "fixed-64k"};
  EXPECT_EQ(name(CellId{{"power11", "power10", "", ""}, Target::of(level("power9"))}),
            "host.power11.compat.power10.guest.power9");
  EXPECT_EQ(name(CellId{host, Target::raw(), Guest::kLinux, true}),
            "host.power11.compat.power10.api.v2.kernel.fixed-64k.guest.raw.linux.forced");
  EXPECT_EQ(name(CellId{host, Target{LogicalPvr{0xffffffff}}}),
            "host.power11.compat.power10.api.v2.kernel.fixed-64k.guest.0xffffffff");
}

TEST(CellName, IsReadBack) {
  for (const char *text :
       {"host.power11.compat.power10.guest.power9", "host.power9.compat.power9.api.bare.guest.raw.forced",
        "host.unknown.compat.unknown.kernel.a_B-1.guest.0x0f000008", "host.power8.compat.power8.guest.power7+.linux"}) {
    const auto cell = parse_cell(text);
    ASSERT_TRUE(cell) << text << ": " << cell.error().why;
    EXPECT_EQ(name(*cell), text);
  }
}

TEST(CellName, IsRefusedWithAReasonWhenItIsMalformed) {
  const std::string long_label = "host.power9.compat.power9.kernel." + std::string(65, 'x') + ".guest.power9";
  for (const char *text : {"",
                           ".",
                           "host",
                           "host.power11",
                           "host.power11.compat.power10",
                           "host.banana.compat.power10.guest.power9",
                           "host.power11.compat.power10.guest",
                           "host.power11.compat.power10.guest.auto",
                           "host.power11.compat.power10.guest.host",
                           "host.power11.compat.power10.guest.power9,power10",
                           "host.power11.compat.power10.guest.POWER9",
                           "host.power11.compat.power10.guest.power9.",
                           "host.power11.compat.power10.guest.power9.forced.linux",
                           "host.power11.compat.power10.api.v3.guest.power9",
                           "host.power11.compat.power10.kernel..guest.power9",
                           "host.power11.compat.power10.kernel.a/b.guest.power9",
                           "host.power11.compat.power10.guest.../../etc/passwd",
                           "host.power11.compat.power10.guest.power9\n",
                           "power10.guest.power9",
                           "host.power10.guest.power9",
                           long_label.c_str()}) {
    const auto cell = parse_cell(text);
    ASSERT_FALSE(cell) << text;
    EXPECT_NE(cell.error().why, "") << text;
    EXPECT_THAT(cell.error().what_to_do, HasSubstr("parley matrix plan"));
  }
}

TEST(HostName, MayBeOnlyALevel) {
  EXPECT_EQ(*parse_host("power10"), (HostId{"power10", "power10", "", ""}));
  EXPECT_EQ(*parse_host("power11.compat.power10.api.v1"), (HostId{"power11", "power10", "v1", ""}));
  EXPECT_EQ(*parse_host("host.power9.compat.power9"), (HostId{"power9", "power9", "", ""}));
  EXPECT_FALSE(parse_host("power10.guest.power9"));
  EXPECT_FALSE(parse_host("power12"));
}

TEST(Host, IsComparedWithTheHostInTheCellsName) {
  host::Facts facts = parley::testing::tree_only("power11-as-power10");
  facts.system.machine = "ppc64le";
  facts.kvm.access = host::KvmAccess::kHv;
  facts.kvm.capabilities = {{"KVM_CAP_PPC_NESTED_HV", 0}};
  facts.kvm.pvr = PhysicalPvr{0x00821200};
  auto capabilities = host::assess(facts);
  const compat::AssessedHost here{std::move(facts), std::move(capabilities)};
  EXPECT_EQ(name(host_id(here)), "host.power11.compat.power10");
  EXPECT_FALSE(mismatch({"power11", "power10", "", ""}, here));
  EXPECT_FALSE(mismatch({"power11", "power10", "v2", "any"}, here));
  EXPECT_THAT(mismatch({"power11", "power10", "v1", ""}, here).value_or(""), HasSubstr("nested API v1"));
  EXPECT_THAT(mismatch({"power11", "power11", "", ""}, here).value_or(""),
              HasSubstr("this host is power10 on power11"));
  EXPECT_TRUE(mismatch({"power10", "power10", "", ""}, here));
}

}  // namespace
}  // namespace parley::matrix
