// SPDX-License-Identifier: Apache-2.0
#include "terminal.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>

namespace parley::console {
namespace {

// Global, because a signal handler has no other way to reach them.
std::atomic<int> raw_terminal = -1;
termios raw_terminal_before;

bool is_in_foreground(int fd) {
  const pid_t foreground = ::tcgetpgrp(fd);
  return foreground < 0 || foreground == ::getpgrp();
}

// tcgetpgrp, tcsetattr and raise are async-signal-safe. SA_RESETHAND has restored the default action, which follows
// when this function returns.
void restore_and_die(int signal) {
  const int fd = raw_terminal;
  if (fd >= 0 && is_in_foreground(fd)) ::tcsetattr(fd, TCSANOW, &raw_terminal_before);
  ::raise(signal);
}

}  // namespace

std::unique_ptr<Terminal> Terminal::of(int fd) {
  if (::isatty(fd) == 0) return nullptr;
  return std::unique_ptr<Terminal>(new Terminal(fd));
}

Terminal::~Terminal() {
  if (!before_) return;
  if (in_foreground()) ::tcsetattr(fd_, TCSANOW, &*before_);
  raw_terminal = -1;
}

bool Terminal::in_foreground() const { return is_in_foreground(fd_); }

bool Terminal::make_raw() {
  if (!in_foreground()) return false;
  if (!before_) {
    termios now{};
    if (::tcgetattr(fd_, &now) != 0) return true;  // it hung up: the next read reports that
    before_ = now;
    raw_terminal_before = now;
    raw_terminal = fd_;
    dispositions_.emplace({SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGQUIT});
    struct sigaction action {};
    action.sa_handler = restore_and_die;
    action.sa_flags = static_cast<int>(SA_RESETHAND);  // the macro is unsigned
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGQUIT}) ::sigaction(signal, &action, nullptr);
  }
  termios raw = *before_;
  const tcflag_t output_flags = raw.c_oflag;
  ::cfmakeraw(&raw);
  raw.c_oflag = output_flags | OPOST;
  ::tcsetattr(fd_, TCSANOW, &raw);
  return true;
}

void Terminal::say(std::string_view text) const {
  // A user who misses the help presses the keys again.
  [[maybe_unused]] const ssize_t count = ::write(fd_, text.data(), text.size());
}

}  // namespace parley::console
