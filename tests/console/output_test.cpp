// SPDX-License-Identifier: Apache-2.0
#include "parley/console/output.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>

namespace parley::console {
namespace {

TEST(WriteAll, WritesEverything) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  EXPECT_TRUE(write_all(pipe_ends[1], "hello"));
  std::string text(5, '\0');
  EXPECT_EQ(::read(pipe_ends[0], text.data(), text.size()), 5);
  EXPECT_EQ(text, "hello");
  ::close(pipe_ends[0]);
  std::signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(write_all(pipe_ends[1], "x").error(), EPIPE);
  ::close(pipe_ends[1]);
}

TEST(WriteAll, SaysThatTheDiskIsFull) {
  const int full = ::open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  EXPECT_EQ(write_all(full, "x").error(), ENOSPC);
  ::close(full);
}

TEST(WriteAll, GivesUpOnAReaderThatDoesNotReadWhenItIsTold) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  ASSERT_EQ(::fcntl(pipe_ends[1], F_SETFL, O_NONBLOCK), 0);
  const std::string block(4096, 'x');
  while (::write(pipe_ends[1], block.data(), block.size()) > 0) continue;
  ASSERT_EQ(::fcntl(pipe_ends[1], F_SETFL, 0), 0);
  std::atomic<bool> give_up = false;
  const std::jthread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // so that it waits already
    give_up = true;
  });
  EXPECT_EQ(write_all(pipe_ends[1], "x", &give_up).error(), EINTR);
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

TEST(WriteAll, GivesUpWhenItIsTold) {
  const std::atomic<bool> give_up = true;
  EXPECT_EQ(write_all(STDOUT_FILENO, "not to be seen\n", &give_up).error(), EINTR);
}

}  // namespace
}  // namespace parley::console
