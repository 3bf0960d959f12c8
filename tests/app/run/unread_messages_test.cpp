// SPDX-License-Identifier: Apache-2.0
//
// `parley run` while the reader of standard error is slow, or does not read at all.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "app/run_parley.hpp"
#include "parley/base/file_descriptor.hpp"
#include "parley/console/message_writer.hpp"

namespace parley::app {
namespace {

using parley::testing::FakeKvm;
using parley::testing::hcall;
using std::chrono::steady_clock;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Standard error is a pipe, as long as this exists.
class PipedStandardError {
 public:
  PipedStandardError() : saved_(FileDescriptor::duplicate(STDERR_FILENO)) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader_ = FileDescriptor(ends[0]);
    EXPECT_EQ(::dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    ::close(ends[1]);
  }
  ~PipedStandardError() { restore(); }
  PipedStandardError(const PipedStandardError &) = delete;
  PipedStandardError &operator=(const PipedStandardError &) = delete;

  void restore() {
    if (saved_) ::dup2(saved_.get(), STDERR_FILENO);
    saved_.reset();
  }
  int unread() const {
    int count = 0;
    EXPECT_EQ(::ioctl(reader_.get(), FIONREAD, &count), 0);
    return count;
  }
  /// Up to `size` bytes, until the pipe's end or until nothing more comes for a while.
  std::string read(std::size_t size) const {
    std::string text;
    for (pollfd ready{reader_.get(), POLLIN, 0}; text.size() < size && ::poll(&ready, 1, 500) == 1;) {
      char buffer[4096];
      const ssize_t count = ::read(reader_.get(), buffer, std::min(sizeof buffer, size - text.size()));
      if (count <= 0) break;
      text.append(buffer, static_cast<std::size_t>(count));
    }
    return text;
  }

 private:
  FileDescriptor saved_;
  FileDescriptor reader_;
};

constexpr int kCalls = 5'000;
constexpr std::uint64_t kUnknownCall = 0xfab4;
constexpr const char *kTrace = "fab4";
/// Each call is a line under -vv: together more than the pipe and the queue hold.
void play_talkative(FakeKvm &fake) {
  for (int call = 0; call < kCalls; ++call) fake.play(hcall(kUnknownCall, {}));
}

class UnreadMessages : public ::testing::Test {
 protected:
  UnreadMessages() {
    ::testing::internal::CaptureStdout();
    play_talkative(fake_);
  }
  ~UnreadMessages() override {
    if (parley_.joinable()) parley_.join();
    std::fputs(::testing::internal::GetCapturedStdout().c_str(), stdout);  // failures of the test
  }
  void start(std::vector<const char *> more = {}) {
    more.insert(more.begin(), {"parley", "run", "--sandbox", "off", "-m", "1", "-vv"});
    parley_ = std::thread([this, more = std::move(more)] {
      code_ = run(static_cast<int>(more.size()), more.data(), {fake_, [facts = facts_] { return facts; }});
    });
  }
  /// The pipe is full, and so is the queue behind it.
  void wait_until_stuck() const {
    for (int before = -1, rounds = 0; rounds < 5; rounds = stderr_.unread() == before ? rounds + 1 : 0) {
      before = stderr_.unread();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (before < 32 * 1024) rounds = 0;
    }
  }

  /// All that Parley writes until its end.
  std::string read_all() {
    std::string text;
    while (code_ < 0) text += stderr_.read(16 * 1024);
    parley_.join();
    stderr_.restore();
    return text + stderr_.read(10'000'000);
  }
  static int count_traces(const std::string &text) {
    int count = 0;
    for (std::size_t at = text.find(kTrace); at != std::string::npos; at = text.find(kTrace, at + 1)) ++count;
    return count;
  }

  FakeKvm fake_;
  const host::Facts facts_ = parley::testing::reference_facts();
  PipedStandardError stderr_;
  std::thread parley_;
  std::atomic<int> code_ = -1;
};

TEST_F(UnreadMessages, DoNotDelayASignal) {
  const std::string socket = std::filesystem::temp_directory_path() / ("parley-unread-" + std::to_string(::getpid()));
  const std::string serial = "unix:" + socket + ",server=on,wait=off";
  start({"--serial", serial.c_str()});
  wait_until_stuck();
  EXPECT_TRUE(std::filesystem::exists(socket));
  const auto begin = steady_clock::now();
  ::pthread_kill(parley_.native_handle(), SIGTERM);  // to the thread that has set up the handler
  parley_.join();
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(3));
  EXPECT_EQ(code_, kSignal + SIGTERM);
  EXPECT_FALSE(std::filesystem::exists(socket));
}

TEST_F(UnreadMessages, AreCountedAtTheEnd) {
  start();
  wait_until_stuck();
  // The guest goes on and ends.
  std::this_thread::sleep_for(console::MessageWriter::kPatience + std::chrono::milliseconds(500));
  const std::string text = read_all();
  EXPECT_EQ(code_, kSuccess);
  const std::string last = text.substr(text.rfind('\n', text.size() - 2) + 1);
  const std::string count = "parley: standard error did not take all messages; lines dropped: ";
  ASSERT_THAT(last, StartsWith(count));
  const int dropped = std::atoi(last.c_str() + count.size());
  const int missing = kCalls - count_traces(text);
  EXPECT_GT(missing, 0);
  EXPECT_GE(dropped, missing);
  EXPECT_LE(dropped, missing + 5) << "besides the calls, Parley traces little";
}

TEST_F(UnreadMessages, ReachASlowReaderCompletely) {
  start();
  wait_until_stuck();
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const std::string text = read_all();
  EXPECT_EQ(code_, kSuccess);
  EXPECT_EQ(count_traces(text), kCalls);
  EXPECT_THAT(text, Not(HasSubstr("dropped")));
}

}  // namespace
}  // namespace parley::app
