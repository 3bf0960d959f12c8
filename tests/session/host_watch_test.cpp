// SPDX-License-Identifier: Apache-2.0
#include "parley/session/host_watch.hpp"

#include <gtest/gtest.h>

#include "session/migrated_host.hpp"

namespace parley::session {
namespace {

using parley::testing::FakeKvm;
using parley::testing::MigratedHost;

TEST(AHostWatch, ReportsAChangedLevelOnce) {
  FakeKvm fake;
  const MigratedHost host;
  auto watch = HostWatch::open(host.assessed(fake)).value();
  ASSERT_TRUE(watch);
  EXPECT_EQ(watch->look_again(), false);
  host.move_to(5);
  EXPECT_EQ(watch->look_again(), true);
  EXPECT_EQ(watch->host().capabilities.level, level("power9"));
  EXPECT_EQ(watch->look_again(), false);
}

TEST(AHostWatch, NeedsAFolderWithCpuNodes) {
  FakeKvm fake;
  EXPECT_FALSE(*HostWatch::open(parley::testing::reference_host(fake))) << "its tree is a blob";
}

}  // namespace
}  // namespace parley::session
