// SPDX-License-Identifier: Apache-2.0
#include "machine/ending.hpp"

#include <gtest/gtest.h>

namespace parley::machine {
namespace {

TEST(Ending, KeepsTheFirstCause) {
  Processors none({});
  Ending ending(none);
  EXPECT_FALSE(ending.has_cause());
  ending.finish(GuestEnded{});
  ending.finish(RunFailed{});
  EXPECT_TRUE(ending.has_cause());
  EXPECT_TRUE(std::holds_alternative<GuestEnded>(ending.take()));
}

TEST(Ending, EndsTheProcessors) {
  Processors none({});
  Ending ending(none);
  EXPECT_FALSE(none.ended());
  ending.finish(Stopped{});
  EXPECT_TRUE(none.ended());
}

TEST(Ending, IsStoppedWithoutACause) {
  Processors none({});
  Ending ending(none);
  none.end();
  EXPECT_TRUE(std::holds_alternative<Stopped>(ending.take()));
}

}  // namespace
}  // namespace parley::machine
