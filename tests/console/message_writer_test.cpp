// SPDX-License-Identifier: Apache-2.0
//
// Messages on their way to standard error, directly and through a console's event loop.
#include "parley/console/message_writer.hpp"

#include <sys/socket.h>

#include <atomic>

#include "running.hpp"

namespace parley::console {
namespace {

using std::chrono::steady_clock;

std::string numbered(int line) { return "line " + std::to_string(line) + "\n"; }

std::string numbered_up_to(int count) {
  std::string text;
  for (int line = 0; line < count; ++line) text += numbered(line);
  return text;
}

long count_lines(const std::string &text) { return std::count(text.begin(), text.end(), '\n'); }

void fill(const Pipe &pipe) {
  write_to(pipe.in.get(), std::string(static_cast<std::size_t>(::fcntl(pipe.in.get(), F_GETPIPE_SZ)), 'x'));
}

/// A console without a guest, whose loop writes the messages.
class Writing {
 public:
  explicit Writing(int fd, std::function<void()> on_ready = {}) : writer(fd) {
    Events events;
    events.on_ready = [this, on_ready = std::move(on_ready)] {
      if (on_ready) on_ready();
      runs_ = true;
    };
    auto opened = Console::open({}, std::move(events), {-1, -1}, &writer);
    EXPECT_TRUE(opened);
    console.emplace(std::move(*opened));
  }
  ~Writing() { end(); }
  void start() {
    loop_ = std::thread([this] { console->run(); });
    EXPECT_TRUE(eventually([&] { return runs_.load(); })) << "a guest writes only after on_ready";
  }
  /// As Parley does when the guest has ended.
  void finish() {
    console->finish();
    end();
  }
  /// As Parley does after a signal.
  void abandon() {
    writer.stop_waiting();
    console->abandon();
    end();
  }

  MessageWriter writer;
  std::optional<Console> console;

 private:
  void end() {
    if (loop_.joinable()) loop_.join();
    console.reset();
  }
  std::atomic<bool> runs_ = false;
  std::thread loop_;
};

TEST(MessageWriter, WritesAtOnceWithoutAConsole) {
  const Pipe pipe;
  MessageWriter writer(pipe.in.get());
  writer.write("one\n");
  EXPECT_EQ(read_from(pipe.out.get(), 4), "one\n");
  EXPECT_EQ(writer.dropped(), 0u);
}

TEST(MessageWriter, KeepsTheOrderFromBeforeTheConsoleToAfterIt) {
  Pipe pipe;
  Writing writing(pipe.in.get());
  writing.writer.write("before the loop\n");
  writing.start();
  writing.writer.write("while it runs\n");
  writing.finish();
  writing.writer.write("after the console\n");
  pipe.in.reset();
  EXPECT_EQ(read_from(pipe.out.get(), 100), "before the loop\nwhile it runs\nafter the console\n");
  EXPECT_EQ(writing.writer.dropped(), 0u);
}

TEST(MessageWriter, LosesNoLineOfAnyThreadToASlowReader) {
  Pipe pipe;
  Writing writing(pipe.in.get());
  writing.start();
  constexpr int kThreads = 3;
  constexpr int kLines = 10'000;
  std::vector<std::thread> guests;
  for (int guest = 0; guest < kThreads; ++guest)
    guests.emplace_back([&writing, guest] {
      for (int line = 0; line < kLines; ++line) writing.writer.write(std::to_string(guest) + " " + numbered(line));
    });
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  std::string read;
  std::thread reader([&] { read = read_from(pipe.out.get(), 10'000'000); });
  for (std::thread &guest : guests) guest.join();
  writing.finish();
  pipe.in.reset();
  reader.join();
  EXPECT_EQ(writing.writer.dropped(), 0u);
  EXPECT_EQ(count_lines(read), kThreads * kLines);
  for (int guest = 0; guest < kThreads; ++guest) {
    std::size_t at = 0;
    for (int line = 0; line < kLines && at != std::string::npos; ++line)
      at = read.find(std::to_string(guest) + " " + numbered(line), at);
    EXPECT_NE(at, std::string::npos) << "lines of thread " << guest << " are missing or out of order";
  }
}

TEST(MessageWriter, WritesToARegularFile) {
  const Folder folder;
  const FileDescriptor file(::open((folder / "log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  Writing writing(file.get());
  writing.start();
  for (int line = 0; line < 20'000; ++line) writing.writer.write(numbered(line));
  writing.finish();
  EXPECT_TRUE(content_of(folder / "log") == numbered_up_to(20'000));
}

TEST(MessageWriter, WritesToASocketWithoutAnOwnDescription) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const FileDescriptor reader(ends[0]);
  FileDescriptor writer(ends[1]);
  const int flags = ::fcntl(writer.get(), F_GETFL);
  Writing writing(writer.get());
  writing.start();
  std::string read;
  std::thread slow([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    read = read_from(reader.get(), 10'000'000);
  });
  for (int line = 0; line < 50'000; ++line) writing.writer.write(numbered(line));
  writing.finish();
  EXPECT_EQ(::fcntl(writer.get(), F_GETFL), flags);
  writer.reset();
  slow.join();
  EXPECT_TRUE(read == numbered_up_to(50'000));
}

TEST(MessageWriter, NeverMakesTheLoopWait) {
  Pipe pipe;
  fill(pipe);
  MessageWriter *writer = nullptr;
  Writing writing(pipe.in.get(), [&] {
    for (int line = 0; line < 100'000; ++line) writer->write(numbered(line));
  });
  writer = &writing.writer;
  const auto begin = steady_clock::now();
  writing.start();
  EXPECT_LT(steady_clock::now() - begin, MessageWriter::kPatience);
  EXPECT_GT(writing.writer.dropped(), 0u);
  writing.abandon();
}

TEST(MessageWriter, StopsAGuestsWaitWhenTheReaderStaysAway) {
  Pipe pipe;
  fill(pipe);
  Writing writing(pipe.in.get());
  writing.start();
  const auto begin = steady_clock::now();
  for (int line = 0; line < 100'000; ++line) writing.writer.write(numbered(line));
  EXPECT_GE(steady_clock::now() - begin, MessageWriter::kPatience);
  EXPECT_LT(steady_clock::now() - begin, 2 * MessageWriter::kPatience) << "it waits once, not for each line";
  EXPECT_GT(writing.writer.dropped(), 0u);

  std::string read;
  std::thread reader([&] { read = read_from(pipe.out.get(), 10'000'000); });
  EXPECT_TRUE(eventually([&] {
    const auto dropped = writing.writer.dropped();
    writing.writer.write("back\n");
    return writing.writer.dropped() == dropped;
  })) << "the reader is back";
  writing.finish();
  pipe.in.reset();
  reader.join();
  EXPECT_TRUE(read.ends_with("\nback\n"));
}

TEST(MessageWriter, StopsAGuestsWaitAtOnceWhenTheSessionEnds) {
  Pipe pipe;
  fill(pipe);
  Writing writing(pipe.in.get());
  writing.start();
  std::atomic<int> line = 0;
  std::thread guest([&] {
    for (; line < 100'000; ++line) writing.writer.write(numbered(line));
  });
  int seen = -1;
  ASSERT_TRUE(eventually([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return std::exchange(seen, line.load()) == line.load();
  })) << "it waits for room";
  const auto begin = steady_clock::now();
  writing.writer.stop_waiting();
  guest.join();
  EXPECT_LT(steady_clock::now() - begin, MessageWriter::kPatience / 2);
  writing.abandon();
  EXPECT_LT(steady_clock::now() - begin, MessageWriter::kPatience / 2);
  EXPECT_EQ(writing.writer.dropped(), 100'000u) << "the reader has had none of them";
}

TEST(MessageWriter, WritesTheRestToAPromptReaderAfterASignal) {
  Pipe pipe;
  Writing writing(pipe.in.get());
  writing.start();
  for (int line = 0; line < 1'000; ++line) writing.writer.write(numbered(line));
  writing.abandon();
  writing.writer.write("the end\n");
  const std::string all = numbered_up_to(1'000) + "the end\n";
  EXPECT_TRUE(read_from(pipe.out.get(), all.size()) == all);
  EXPECT_EQ(writing.writer.dropped(), 0u);
}

TEST(MessageWriter, GivesTheReaderTimeWhenTheGuestHasEnded) {
  Pipe pipe;
  fill(pipe);
  Writing writing(pipe.in.get());
  writing.start();
  writing.writer.write("last words\n");
  std::string read;
  std::thread reader([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    read = read_from(pipe.out.get(), 10'000'000);
  });
  writing.finish();
  pipe.in.reset();
  reader.join();
  EXPECT_TRUE(read.ends_with("xlast words\n"));
  EXPECT_EQ(writing.writer.dropped(), 0u);
}

TEST(MessageWriter, WaitsForABoundedTimeWhenTheGuestHasEnded) {
  const Pipe pipe;
  fill(pipe);
  Writing writing(pipe.in.get());
  writing.start();
  writing.writer.write("last words\n");
  const auto begin = steady_clock::now();
  writing.finish();
  writing.writer.write("more\n");
  EXPECT_LT(steady_clock::now() - begin, 2 * MessageWriter::kPatience);
  EXPECT_EQ(writing.writer.dropped(), 2u);
}

TEST(MessageWriter, CountsTheLinesForAReaderThatIsGone) {
  Pipe pipe;
  pipe.out.reset();
  Writing writing(pipe.in.get());
  writing.start();
  writing.writer.write("one\ntwo\n");
  writing.finish();
  EXPECT_EQ(writing.writer.dropped(), 2u);
}

TEST(MessageWriter, NeedsNoProcessorTimeWhileTheReaderStaysAway) {
  const Pipe pipe;
  fill(pipe);
  Writing writing(pipe.in.get());
  writing.writer.write("waits\n");
  writing.start();
  timespec before{};
  timespec after{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  const auto used =
      std::chrono::seconds(after.tv_sec - before.tv_sec) + std::chrono::nanoseconds(after.tv_nsec - before.tv_nsec);
  EXPECT_LT(used, kBusy);
  writing.abandon();
}

}  // namespace
}  // namespace parley::console
