// SPDX-License-Identifier: Apache-2.0
//
// Runs a command many times, each time on a new terminal, and sends it a signal at a random moment. Prints how often
// each exit status occurred, and for each wrong run the signal, the moment and the differences.
//
// usage: at-moments SEED COUNT LONGEST-MS PATH COMMAND...     PATH must not exist after a run
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

enum { kLimitMs = 2000 };

static long now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static pid_t start(int master, int slave, char **command) {
  const pid_t child = fork();
  if (child != 0) return child;
  // A shell's background job would inherit ignored signals.
  for (int number = 1; number < 32; ++number) signal(number, SIG_DFL);
  close(master);
  login_tty(slave);
  execvp(command[0], command);
  _exit(127);
}

// Reads the output until the deadline or the child's end. Returns whether the child has ended.
static int watch(int master, pid_t child, long until, int *status) {
  char text[65536];
  for (;;) {
    const long left = until - now_ms();
    struct pollfd readable = {master, POLLIN, 0};
    if (poll(&readable, 1, left < 0 ? 0 : left < 5 ? left : 5) > 0 && read(master, text, sizeof text) < 0) return 0;
    if (waitpid(child, status, WNOHANG) == child) return 1;
    if (left <= 0) return 0;
  }
}

int main(int argc, char **argv) {
  static const int kSignals[] = {SIGTERM, SIGINT, SIGHUP};
  int ended_with[256] = {0};
  if (argc < 6) return 2;
  srand(atoi(argv[1]));
  for (int i = 0; i < atoi(argv[2]); ++i) {
    const int number = kSignals[rand() % 3], delay = rand() % atoi(argv[3]);
    int master, slave, status = 0;
    if (openpty(&master, &slave, NULL, NULL, NULL) != 0) return 2;
    struct termios before, after;
    tcgetattr(slave, &before);
    const pid_t child = start(master, slave, argv + 5);
    const int by_itself = watch(master, child, now_ms() + delay, &status);
    if (!by_itself) kill(child, number);
    const int in_time = by_itself || watch(master, child, now_ms() + kLimitMs, &status);
    if (!in_time) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
    }
    tcgetattr(slave, &after);
    close(master);
    close(slave);
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    ++ended_with[code];
    const int same_terminal =
        before.c_lflag == after.c_lflag && before.c_iflag == after.c_iflag && before.c_oflag == after.c_oflag;
    const int left_behind = access(argv[4], F_OK) == 0;
    // Status 0 is right when the command ended by itself, perhaps while the signal was on its way.
    if ((code != 0 && (by_itself || code != 128 + number)) || !in_time || !same_terminal || left_behind)
      printf("wrong: signal %d after %d ms: code %d%s%s%s%s\n", number, delay, code, by_itself ? ", by itself" : "",
             in_time ? "" : ", late", same_terminal ? "" : ", the terminal differs",
             left_behind ? ", PATH exists" : "");
    unlink(argv[4]);
  }
  for (int code = 0; code < 256; ++code)
    if (ended_with[code]) printf("%d times %d\n", ended_with[code], code);
}
