// SPDX-License-Identifier: Apache-2.0
#include "parley/console/console.hpp"

#include <sys/resource.h>

#include <atomic>
#include <fstream>

#include "running.hpp"

namespace parley::console {
namespace {

std::size_t count_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST(Console, DiscardsTheOutputToNullWithoutCountingIt) {
  Running running({Kind::kNull});
  ASSERT_TRUE(write_as_guest(running.vty, std::string(200'000, 'x')));
  running.finish();
  EXPECT_EQ(running.console->dropped(), 0u);
}

TEST(Console, ReplacesTheContentOfAFile) {
  const Folder folder;
  std::ofstream(folder / "log") << "the earlier, longer content";
  Running running({Kind::kFile, folder / "log"});
  ASSERT_TRUE(write_as_guest(running.vty, "the guest's"));
  running.finish();
  EXPECT_EQ(content_of(folder / "log"), "the guest's");
}

TEST(Console, ReportsThatAFileCannotBeWritten) {
  devices::Vty vty;
  const auto console = Console::open({{{Kind::kFile, "/nowhere/log"}, vty}}, {});
  ASSERT_FALSE(console);
  EXPECT_EQ(console.error().what, "cannot write the guest's output to /nowhere/log");
  Running running({Kind::kFile, "/dev/full"});
  ASSERT_TRUE(write_as_guest(running.vty, "x"));
  ASSERT_TRUE(eventually([&] { return running.lost().size() == 1; }));
  EXPECT_EQ(running.lost()[0].what, "cannot write the guest's output to /dev/full");
}

TEST(Console, StartsTheGuestOnceAndTicksOnTheLoopsThread) {
  std::atomic<int> ready = 0;
  std::atomic<int> ticks = 0;
  std::atomic<std::thread::id> thread;
  Events events;
  events.on_ready = [&] {
    ++ready;
    thread = std::this_thread::get_id();
  };
  events.on_tick = [&] { ticks += std::this_thread::get_id() == thread.load(); };
  Running running({Kind::kNull}, {}, events);
  EXPECT_TRUE(eventually([&] { return ticks == 2; }));
  EXPECT_EQ(ready, 1);
  EXPECT_NE(thread.load(), std::this_thread::get_id());
}

TEST(Console, DoesNotStartAGuestThatHasAlreadyEnded) {
  devices::Vty vty;
  Events events;
  events.on_ready = [] { FAIL() << "it has ended"; };
  auto finished = Console::open({{{Kind::kNull}, vty}}, events);
  ASSERT_TRUE(finished);
  finished->finish();
  finished->run();
  auto abandoned = Console::open({{{Kind::kNull}, vty}}, events);
  ASSERT_TRUE(abandoned);
  abandoned->abandon();
  abandoned->run();
}

TEST(Console, DoesNotStartAGuestWhileItWritesTheOutputOfAnEndedOne) {
  Pipe out;
  write_to(out.in.get(), std::string(static_cast<std::size_t>(::fcntl(out.in.get(), F_GETPIPE_SZ)), 'x'));
  devices::Vty vty;
  ASSERT_TRUE(vty.write("last words"));
  Console *running = nullptr;
  Events events;
  events.on_ready = [] { FAIL() << "it has ended"; };
  events.on_tick = [&] { running->abandon(); };
  auto console = Console::open({{{Kind::kStdio}, vty}}, events, {-1, out.in.get()});
  ASSERT_TRUE(console);
  running = &*console;
  console->finish();
  console->run();
  EXPECT_EQ(console->dropped(), 10u);
}

TEST(Console, ClosesEveryDescriptor) {
  const Folder folder;
  UserTerminal terminal;
  { Running once({Kind::kNull}); }  // Asio opens a pipe for signals once and keeps it
  const std::size_t before = count_descriptors();
  for (const auto &endpoint : {Endpoint{Kind::kStdio}, Endpoint{Kind::kNull}, Endpoint{Kind::kPty},
                               Endpoint{Kind::kFile, folder / "log"}, Endpoint{Kind::kUnixServer, folder / "socket"}}) {
    Running running(endpoint, {terminal.terminal.get(), terminal.terminal.get()});
    ASSERT_TRUE(write_as_guest(running.vty, "x"));
  }
  EXPECT_EQ(count_descriptors(), before);
}

#ifndef __SANITIZE_ADDRESS__  // UBSan opens a pipe of its own to inspect an exception's type
TEST(Console, ReportsTooManyOpenFiles) {
  Pipe out;
  devices::Vty vty;
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  // Room for the channel only, not for the loop.
  const FileDescriptor next = FileDescriptor::duplicate(out.in.get());
  const rlimit tight{static_cast<rlim_t>(next.get()) + 2, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  const auto console = Console::open({{{Kind::kStdio}, vty}}, {}, {-1, out.in.get()});
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  ASSERT_FALSE(console);
  EXPECT_EQ(console.error().why, "eventfd_select_interrupter: EMFILE (Too many open files)");
}
#endif

}  // namespace
}  // namespace parley::console
