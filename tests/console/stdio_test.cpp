// SPDX-License-Identifier: Apache-2.0
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <fstream>

#include "running.hpp"

namespace parley::console {
namespace {

TEST(Stdio, PassesEveryByteOfAPipeUnchanged) {
  Pipe in;
  Pipe out;
  Running running({Kind::kStdio}, {in.out.get(), out.in.get()});
  std::string every_byte = "\1x\1h\1\1";
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  write_to(in.in.get(), every_byte);
  EXPECT_EQ(read_as_guest(running.vty, every_byte.size()), every_byte);
  ASSERT_TRUE(write_as_guest(running.vty, every_byte));
  EXPECT_EQ(read_from(out.out.get(), every_byte.size()), every_byte);
  EXPECT_EQ(running.quits(), 0u);
}

TEST(Stdio, WritesOutputFromBeforeTheLoopRan) {
  Pipe out;
  devices::Vty vty;
  ASSERT_TRUE(vty.write("early"));
  auto console = Console::open({{{Kind::kStdio}, vty}}, {}, {-1, out.in.get()});
  ASSERT_TRUE(console);
  console->finish();
  console->run();
  EXPECT_EQ(read_from(out.out.get(), 5), "early");
}

TEST(Stdio, ReadsNoMoreFromAPipeThanTheGuestHasRoomFor) {
  Pipe in;
  Pipe out;
  const std::string text = numbered_lines(40'000);
  write_to(in.in.get(), text);
  Running running({Kind::kStdio}, {in.out.get(), out.in.get()});
  ASSERT_TRUE(eventually([&] { return running.vty.input_room() == 0; }));
  EXPECT_LT(idle_cost(running), kBusy);
  int waiting = 0;
  ASSERT_EQ(::ioctl(in.out.get(), FIONREAD, &waiting), 0);
  EXPECT_EQ(static_cast<std::size_t>(waiting), text.size() - devices::Vty::kInputLimit);
  EXPECT_EQ(read_as_guest(running.vty, text.size()), text);
  EXPECT_EQ(running.console->dropped_input(), 0u);
}

TEST(Stdio, ReadsARegularFileAsTheGuestMakesRoom) {
  const Folder folder;
  const std::string text = numbered_lines(100'000);
  std::ofstream(folder / "in") << text;
  const FileDescriptor in(::open((folder / "in").c_str(), O_RDONLY));
  Pipe out;
  Running running({Kind::kStdio}, {in.get(), out.in.get()});
  ASSERT_TRUE(eventually([&] { return running.vty.input_room() == 0; }));
  EXPECT_LT(idle_cost(running), kBusy);
  EXPECT_EQ(::lseek(in.get(), 0, SEEK_CUR), static_cast<off_t>(devices::Vty::kInputLimit));
  EXPECT_EQ(read_as_guest(running.vty, text.size()), text);
}

TEST(Stdio, ContinuesAfterTheEndOfInput) {
  const FileDescriptor null(::open("/dev/null", O_RDONLY));
  Pipe hung_up;
  write_to(hung_up.in.get(), "last");
  hung_up.in.reset();
  for (const int in : {null.get(), hung_up.out.get(), -1}) {
    Pipe out;
    Running running({Kind::kStdio}, {in, out.in.get()});
    EXPECT_EQ(read_as_guest(running.vty, in == hung_up.out.get() ? 4 : 0), in == hung_up.out.get() ? "last" : "");
    EXPECT_LT(idle_cost(running), kBusy);
    ASSERT_TRUE(write_as_guest(running.vty, "still here"));
    EXPECT_EQ(read_from(out.out.get(), 10), "still here");
    EXPECT_TRUE(running.lost().empty());
  }
}

TEST(Stdio, WritesToARegularFileAtItsOffset) {
  const Folder folder;
  const FileDescriptor out(::open((folder / "out").c_str(), O_WRONLY | O_CREAT, 0600));
  write_to(out.get(), "before ");
  Running running({Kind::kStdio}, {-1, out.get()});
  ASSERT_TRUE(write_as_guest(running.vty, "the guest's"));
  running.finish();
  write_to(out.get(), " after");
  EXPECT_EQ(content_of(folder / "out"), "before the guest's after");
}

TEST(Stdio, ReportsAFullDiskOnceAndDoesNotLetTheGuestWait) {
  const FileDescriptor full(::open("/dev/full", O_WRONLY));
  Running running({Kind::kStdio}, {-1, full.get()});
  ASSERT_TRUE(write_as_guest(running.vty, numbered_lines(200'000)));
  running.finish();
  const auto lost = running.lost();
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].what, "cannot write the guest's output to standard output");
  EXPECT_EQ(lost[0].why, "write: ENOSPC (No space left on device)");
  EXPECT_EQ(lost[0].what_to_do, "the guest was ended; keep the reader open, or make room on the disk");
  EXPECT_EQ(running.console->dropped(), 200'000u);
}

TEST(Stdio, ReportsThatTheReaderIsGone) {
  Pipe out;
  Running running({Kind::kStdio}, {-1, out.in.get()});
  ASSERT_TRUE(write_as_guest(running.vty, "hello"));
  EXPECT_EQ(read_from(out.out.get(), 5), "hello");
  out.out.reset();
  EXPECT_LT(idle_cost(running), kBusy);
  EXPECT_TRUE(running.lost().empty());
  ASSERT_TRUE(write_as_guest(running.vty, "x"));
  ASSERT_TRUE(eventually([&] { return !running.lost().empty(); }));
  EXPECT_EQ(running.lost()[0].why, "write: EPIPE (Broken pipe)");
  EXPECT_LT(idle_cost(running), kBusy);
  running.finish();
  EXPECT_EQ(running.console->dropped(), 1u);
}

// A SOCK_SEQPACKET socket keeps the boundaries of writes.
TEST(Stdio, JoinsOutputInQuickSuccessionIntoOneWrite) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  const FileDescriptor reader(ends[0]);
  const FileDescriptor writer(ends[1]);
  Running running({Kind::kStdio}, {-1, writer.get()});
  const std::string text = numbered_lines(4'000);
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(write_as_guest(running.vty, text));
  std::string heard;
  int writes = 0;
  for (; heard.size() < text.size(); ++writes) {
    char buffer[4096];
    const ssize_t count = ::recv(reader.get(), buffer, sizeof buffer, 0);
    ASSERT_GT(count, 0);
    heard.append(buffer, static_cast<std::size_t>(count));
  }
  EXPECT_EQ(heard, text);
  // At least two milliseconds pass between two writes.
  EXPECT_LE(writes, 2 + (std::chrono::steady_clock::now() - begin) / std::chrono::milliseconds(2));
}

TEST(Stdio, LosesNothingToASlowReader) {
  Pipe out;
  Running running({Kind::kStdio}, {-1, out.in.get()});
  const std::string text = numbered_lines(400'000);
  std::thread guest([&] { EXPECT_TRUE(write_as_guest(running.vty, text)); });
  // After this time, the reader of a pty or socket counts as absent.
  std::this_thread::sleep_for(Console::kPatience + std::chrono::milliseconds(300));
  EXPECT_FALSE(running.vty.write(std::string(devices::Vty::kOutputLimit / 2, 'x'))) << "the guest did not wait";
  EXPECT_LT(idle_cost(running), kBusy);
  EXPECT_EQ(read_from(out.out.get(), text.size()), text);
  guest.join();
  running.finish();
  EXPECT_EQ(running.console->dropped(), 0u);
}

TEST(Stdio, FinishesOnlyWhenAllOutputIsWritten) {
  Pipe out;
  Running running({Kind::kStdio}, {-1, out.in.get()});
  const std::string text = numbered_lines(100'000);
  ASSERT_TRUE(write_as_guest(running.vty, text));
  EXPECT_EQ(finish_with_a_late_reader(running, out.out.get(), text.size()), text);
}

TEST(Stdio, AbandonsAReaderThatDoesNotRead) {
  Pipe out;
  Running running({Kind::kStdio}, {-1, out.in.get()});
  ASSERT_TRUE(write_as_guest(running.vty, std::string(100'000, 'x')));
  running.console->finish();
  running.stop();  // joins
  const std::uint64_t dropped = running.console->dropped();
  EXPECT_GT(dropped, 0u);
  const std::string read = read_from(out.out.get(), 100'000 - dropped);
  EXPECT_EQ(read.size(), 100'000 - dropped);
  int more = 0;
  ASSERT_EQ(::ioctl(out.out.get(), FIONREAD, &more), 0);
  EXPECT_EQ(more, 0);
}

TEST(Stdio, WritesAllToAReaderThatReadsWhenAbandoned) {
  Pipe out;
  devices::Vty vty;
  auto console = Console::open({{{Kind::kStdio}, vty}}, {}, {-1, out.in.get()});
  ASSERT_TRUE(console);
  const std::string text = numbered_lines(20'000);
  ASSERT_TRUE(write_as_guest(vty, text));
  console->abandon();
  console->run();
  EXPECT_EQ(read_from(out.out.get(), text.size()), text);
  EXPECT_EQ(console->dropped(), 0u);
}

TEST(Stdio, NeverBlocksInAWriteToAStoppedTerminal) {
  UserTerminal stuck;
  Running running({Kind::kStdio}, {-1, stuck.terminal.get()});
  ASSERT_TRUE(write_as_guest(running.vty, std::string(60'000, '\n')));
  std::thread guest([&] { write_as_guest(running.vty, std::string(60'000, '\n')); });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(idle_cost(running), kBusy);
  running.console->abandon();
  guest.join();  // its last bytes fit into the queue, or its deadline passes
  running.stop();
}

TEST(Stdio, DoesNotChangeTheFlagsOfItsDescriptors) {
  UserTerminal terminal;
  Pipe in;
  Pipe out;
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const FileDescriptor near(ends[0]);
  const FileDescriptor far(ends[1]);
  const Standard both_ways[] = {
      {in.out.get(), out.in.get()}, {near.get(), near.get()}, {terminal.terminal.get(), terminal.terminal.get()}};
  const int others[][2] = {
      {in.in.get(), out.out.get()}, {far.get(), far.get()}, {terminal.user.get(), terminal.user.get()}};
  for (std::size_t i = 0; i < std::size(both_ways); ++i) {
    const int in_flags = ::fcntl(both_ways[i].in, F_GETFL);
    const int out_flags = ::fcntl(both_ways[i].out, F_GETFL);
    Running running({Kind::kStdio}, both_ways[i]);
    ASSERT_TRUE(eventually([&] { return i != 2 || terminal.is_raw(); }));
    write_to(others[i][0], "in");
    EXPECT_EQ(read_as_guest(running.vty, 2), "in");
    ASSERT_TRUE(write_as_guest(running.vty, "out"));
    EXPECT_EQ(read_from(others[i][1], 3), "out");
    EXPECT_EQ(::fcntl(both_ways[i].in, F_GETFL), in_flags);
    EXPECT_EQ(::fcntl(both_ways[i].out, F_GETFL), out_flags);
  }
}

TEST(Stdio, RefusesAClosedStandardOutput) {
  devices::Vty vty;
  const auto console = Console::open({{{Kind::kStdio}, vty}}, {}, {-1, -1});
  ASSERT_FALSE(console);
  EXPECT_EQ(console.error().why, "fcntl: EBADF (Bad file descriptor)");
}

}  // namespace
}  // namespace parley::console
