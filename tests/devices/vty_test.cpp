// SPDX-License-Identifier: Apache-2.0
#include "parley/devices/vty.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace parley::devices {
namespace {

using namespace std::chrono_literals;

// Counts the notifications of the terminal.
class VtyTest : public ::testing::Test {
 protected:
  VtyTest() {
    vty_.connect({[this] { ++output_notified_; }, [this] { ++room_notified_; }});
  }

  std::string read(std::size_t limit) {
    std::string text(limit, '?');
    text.resize(vty_.read(text));
    return text;
  }

  Vty vty_;
  int output_notified_ = 0;
  int room_notified_ = 0;
};

// --- Output

TEST_F(VtyTest, OutputIsTakenInPiecesAndInOrder) {
  EXPECT_TRUE(vty_.write("hello "));
  EXPECT_TRUE(vty_.write("world"));
  EXPECT_EQ(vty_.take_output(8), "hello wo");
  EXPECT_EQ(vty_.take_output(8), "rld");
  EXPECT_EQ(vty_.take_output(8), "");
}

TEST_F(VtyTest, OutputIsTakenWholeOrNotAtAll) {
  EXPECT_TRUE(vty_.write(std::string(Vty::kOutputLimit - 3, 'a')));
  EXPECT_FALSE(vty_.write("four"));
  EXPECT_TRUE(vty_.write("foo"));
  EXPECT_FALSE(vty_.write("x"));
  EXPECT_TRUE(vty_.write(""));
  EXPECT_EQ(vty_.take_output(2 * Vty::kOutputLimit), std::string(Vty::kOutputLimit - 3, 'a') + "foo");
  EXPECT_FALSE(vty_.write(std::string(Vty::kOutputLimit + 1, 'a')));
}

TEST_F(VtyTest, OutputIsNotifiedIfTheQueueWasEmpty) {
  EXPECT_TRUE(vty_.write(""));
  EXPECT_EQ(output_notified_, 0);
  EXPECT_TRUE(vty_.write("a"));
  EXPECT_TRUE(vty_.write("b"));
  EXPECT_EQ(output_notified_, 1);
  vty_.take_output(1);
  EXPECT_TRUE(vty_.write("c"));
  EXPECT_EQ(output_notified_, 1);
  vty_.take_output(2);
  EXPECT_TRUE(vty_.write("d"));
  EXPECT_EQ(output_notified_, 2);
}

TEST_F(VtyTest, ANotificationMayTakeTheOutput) {
  std::string taken;
  vty_.connect({[&] { taken = vty_.take_output(100); }, nullptr});
  EXPECT_TRUE(vty_.write("hello"));
  EXPECT_EQ(taken, "hello");
}

TEST_F(VtyTest, AWriterWaitsUntilHalfOfTheQueueIsFreeOrTheTimeIsUp) {
  EXPECT_TRUE(vty_.write(std::string(Vty::kOutputLimit, 'a')));
  const auto began = std::chrono::steady_clock::now();
  vty_.wait_for_room(20ms);
  EXPECT_GE(std::chrono::steady_clock::now() - began, 20ms);
  std::jthread other_end([&] {
    vty_.take_output(1);
    vty_.take_output(Vty::kOutputLimit / 2);
  });
  vty_.wait_for_room(1h);
  EXPECT_TRUE(vty_.write(std::string(Vty::kOutputLimit / 2, 'b')));
}

// --- Input

TEST_F(VtyTest, InputIsReadInPiecesAndInOrder) {
  EXPECT_EQ(vty_.feed("hello "), 6u);
  EXPECT_EQ(vty_.feed("world"), 5u);
  EXPECT_EQ(read(0), "");
  EXPECT_EQ(read(8), "hello wo");
  EXPECT_EQ(read(8), "rld");
  EXPECT_EQ(read(8), "");
}

TEST_F(VtyTest, InputIsTakenUpToTheLimit) {
  EXPECT_EQ(vty_.feed(std::string(Vty::kInputLimit - 3, 'a')), Vty::kInputLimit - 3);
  EXPECT_EQ(vty_.input_room(), 3u);
  EXPECT_EQ(vty_.feed("four"), 3u);
  EXPECT_EQ(vty_.feed("x"), 0u);
  EXPECT_EQ(read(2 * Vty::kInputLimit), std::string(Vty::kInputLimit - 3, 'a') + "fou");
  EXPECT_EQ(vty_.input_room(), Vty::kInputLimit);
}

TEST_F(VtyTest, ANulAfterACarriageReturnIsDroppedEvenBetweenTwoReads) {
  vty_.feed(std::string_view("\r\0\0a\r", 5));
  EXPECT_EQ(read(1), "\r");
  EXPECT_EQ(read(2), std::string("\0a", 2)) << "only one NUL is dropped";
  EXPECT_EQ(read(9), "\r");
  vty_.feed(std::string_view("\0b", 2));
  EXPECT_EQ(read(9), "b");
  vty_.feed(std::string_view("\r\r\0", 3));
  EXPECT_EQ(read(9), "\r\r");
}

TEST_F(VtyTest, RoomForInputIsNotifiedIfTheQueueWasFull) {
  vty_.feed(std::string(Vty::kInputLimit, 'a'));
  read(0);
  EXPECT_EQ(room_notified_, 0);
  read(1);
  EXPECT_EQ(room_notified_, 1);
  read(1);
  EXPECT_EQ(room_notified_, 1);
}

TEST_F(VtyTest, TheGuestIsNotifiedOfEachInputAndOfEarlierInput) {
  int notified = 0;
  vty_.feed("early");
  vty_.on_input([&] { ++notified; });
  EXPECT_EQ(notified, 1);
  vty_.feed("a");
  vty_.feed("b");
  EXPECT_EQ(notified, 3);
  vty_.feed("");
  EXPECT_EQ(notified, 3);
  vty_.on_input(nullptr);
  vty_.feed("c");
  EXPECT_EQ(notified, 3);
}

TEST_F(VtyTest, TheGuestIsNotNotifiedWithoutNewInput) {
  int notified = 0;
  vty_.on_input([&] { ++notified; });
  EXPECT_EQ(notified, 0);
  vty_.feed(std::string(Vty::kInputLimit, 'a'));
  vty_.feed("no room for this");
  EXPECT_EQ(notified, 1);
}

}  // namespace
}  // namespace parley::devices
