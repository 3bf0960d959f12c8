// SPDX-License-Identifier: Apache-2.0
#include "console/terminal.hpp"

#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>

#include "running.hpp"

namespace parley::console {
namespace {

bool same(const termios &a, const termios &b) {
  return a.c_iflag == b.c_iflag && a.c_oflag == b.c_oflag && a.c_cflag == b.c_cflag && a.c_lflag == b.c_lflag &&
         std::equal(std::begin(a.c_cc), std::end(a.c_cc), std::begin(b.c_cc));
}

/// The wait status of a child that runs `body`, whose result is its exit code.
int status_of_child(const std::function<int()> &body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

TEST(Terminal, DoesNotExistForOtherDescriptors) {
  const Pipe pipe;
  EXPECT_EQ(Terminal::of(pipe.out.get()), nullptr);
  EXPECT_EQ(Terminal::of(-1), nullptr);
}

TEST(Terminal, IsRawExceptForItsOutputAndIsRestored) {
  const UserTerminal user;
  const termios before = user.settings();
  ASSERT_TRUE(before.c_iflag & ICRNL);
  {
    const auto terminal = Terminal::of(user.terminal.get());
    ASSERT_TRUE(terminal->make_raw());
    const termios raw = user.settings();
    EXPECT_EQ(raw.c_lflag & (ECHO | ICANON | ISIG | IEXTEN), 0u);
    EXPECT_EQ(raw.c_iflag & (ICRNL | INLCR | IGNCR | IXON), 0u);
    EXPECT_EQ(raw.c_oflag, before.c_oflag | OPOST);
  }
  EXPECT_TRUE(same(user.settings(), before));
}

TEST(Terminal, IsNotChangedUnlessMadeRaw) {
  const UserTerminal user;
  const auto terminal = Terminal::of(user.terminal.get());
  EXPECT_FALSE(user.is_raw());
}

TEST(Terminal, IsRestoredByASignalThatKillsAtOnce) {
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGQUIT}) {
    const UserTerminal user;
    const termios before = user.settings();
    const int status = status_of_child([&] {
      const rlimit no_core{0, 0};
      ::setrlimit(RLIMIT_CORE, &no_core);
      const auto terminal = Terminal::of(user.terminal.get());
      if (!terminal->make_raw() || !user.is_raw()) return 1;
      std::raise(signal);
      return 2;
    });
    EXPECT_TRUE(WIFSIGNALED(status)) << signal << " ended with " << WEXITSTATUS(status);
    EXPECT_EQ(WTERMSIG(status), signal);
    EXPECT_TRUE(same(user.settings(), before)) << signal;
  }
}

TEST(Terminal, RestoresTheActionsOfSignals) {
  const UserTerminal user;
  struct sigaction before {};
  ::sigaction(SIGQUIT, nullptr, &before);
  ASSERT_TRUE(Terminal::of(user.terminal.get())->make_raw());  // and gone
  struct sigaction after {};
  ::sigaction(SIGQUIT, nullptr, &after);
  EXPECT_EQ(after.sa_handler, before.sa_handler);
}

TEST(ConsoleOnATerminal, GivesTheGuestEveryKeyAndRestoresTheTerminal) {
  const UserTerminal user;
  const termios before = user.settings();
  {
    Running running({Kind::kStdio}, {user.terminal.get(), user.terminal.get()});
    ASSERT_TRUE(eventually([&] { return user.is_raw(); }));
    write_to(user.user.get(), "ls\r\x03\x04\1\1");
    EXPECT_EQ(read_as_guest(running.vty, 6), "ls\r\x03\x04\1");
    ASSERT_TRUE(write_as_guest(running.vty, "a\nb"));
    EXPECT_EQ(read_from(user.user.get(), 4), "a\r\nb");
    running.finish();
    EXPECT_TRUE(user.is_raw()) << "the destructor restores it";
  }
  EXPECT_TRUE(same(user.settings(), before));
}

TEST(ConsoleOnATerminal, QuitsAlsoIfTheGuestDoesNotRead) {
  const UserTerminal user;
  const Pipe out;
  Running running({Kind::kStdio}, {user.terminal.get(), out.in.get()});
  ASSERT_TRUE(eventually([&] { return user.is_raw(); }));
  for (int i = 0; i < 10; ++i) write_to(user.user.get(), std::string(1000, 'x'));
  ASSERT_TRUE(eventually([&] { return running.console->dropped_input() == 10'000 - devices::Vty::kInputLimit; }));
  write_to(user.user.get(), "\1x");
  EXPECT_TRUE(eventually([&] { return running.quits() == 1; }));
  EXPECT_EQ(running.console->dropped_input(), 10'000 - devices::Vty::kInputLimit);
}

TEST(ConsoleOnATerminal, ShowsItsHelpOnTheTerminalOnly) {
  const UserTerminal user;
  const Pipe out;
  Running running({Kind::kStdio}, {user.terminal.get(), out.in.get()});
  ASSERT_TRUE(eventually([&] { return user.is_raw(); }));
  write_to(user.user.get(), "\1h");
  const std::string help = read_from(user.user.get(), 60);
  EXPECT_NE(help.find("Ctrl-a x"), std::string::npos) << help;
  EXPECT_EQ(help.find("Ctrl-a b"), std::string::npos);
  ASSERT_TRUE(write_as_guest(running.vty, "x"));
  EXPECT_EQ(read_from(out.out.get(), 1), "x");
}

TEST(ConsoleOnATerminal, IsRawAgainAfterTheProcessWasStopped) {
  const UserTerminal user;
  const Pipe out;
  const termios before = user.settings();
  Running running({Kind::kStdio}, {user.terminal.get(), out.in.get()});
  ASSERT_TRUE(eventually([&] { return user.is_raw(); }));
  ::tcsetattr(user.terminal.get(), TCSANOW, &before);  // as a shell does
  ASSERT_FALSE(user.is_raw());
  ::kill(::getpid(), SIGCONT);
  EXPECT_TRUE(eventually([&] { return user.is_raw(); }));
}

TEST(ConsoleOnATerminal, ContinuesAfterTheTerminalHungUp) {
  UserTerminal user;
  const Pipe out;
  Running running({Kind::kStdio}, {user.terminal.get(), out.in.get()});
  ASSERT_TRUE(eventually([&] { return user.is_raw(); }));
  user.user.reset();
  EXPECT_LT(idle_cost(running), kBusy);
  ASSERT_TRUE(write_as_guest(running.vty, "x"));
  EXPECT_EQ(read_from(out.out.get(), 1), "x");
}

/// A session with this terminal, whose foreground process is an idle child. The calling process leads the session, so
/// it must be a fresh child itself.
class Background {
 public:
  explicit Background(int terminal) : terminal_(terminal) {
    ::setsid();
    ::signal(SIGTTOU, SIG_IGN);  // tcsetpgrp from the background, as shells do
    if (::ioctl(terminal_, TIOCSCTTY, 0) != 0) ::_exit(1);
    other_ = ::fork();
    if (other_ == 0) {
      for (;;) ::pause();
    }
    ::setpgid(other_, other_);
    if (::tcsetpgrp(terminal_, other_) != 0) ::_exit(2);
    ::signal(SIGTTOU, SIG_DFL);
  }
  ~Background() {
    ::kill(other_, SIGKILL);
    ::waitpid(other_, nullptr, 0);
  }
  bool bring_to_foreground() const {
    sigset_t refused;
    sigset_t before;
    ::sigemptyset(&refused);
    ::sigaddset(&refused, SIGTTOU);
    ::pthread_sigmask(SIG_BLOCK, &refused, &before);
    const bool done = ::tcsetpgrp(terminal_, ::getpgrp()) == 0;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return done;
  }

 private:
  int terminal_;
  pid_t other_ = -1;
};

int run_in_background(const UserTerminal &user) {
  const Background background(user.terminal.get());
  const Pipe out;
  Running running({Kind::kStdio}, {user.terminal.get(), out.in.get()});
  write_to(user.user.get(), "keys\n");
  if (!write_as_guest(running.vty, "running") || read_from(out.out.get(), 7) != "running") return 3;
  if (user.is_raw()) return 4;
  if (running.vty.input_room() != devices::Vty::kInputLimit) return 5;
  if (!background.bring_to_foreground()) return 6;
  if (!eventually([&] { return user.is_raw(); })) return 7;  // without a signal
  return read_as_guest(running.vty, 5) == "keys\n" ? 0 : 8;
}

TEST(ConsoleOnATerminal, LeavesItToTheShellUntilItStandsInTheForeground) {
  const UserTerminal user;
  const int status = status_of_child([&] { return run_in_background(user); });
  ASSERT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace parley::console
