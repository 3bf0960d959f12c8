// SPDX-License-Identifier: Apache-2.0
//
// Starts a command with pipes for its input and output, reads from it for a while, and dies of SIGKILL. The command
// gets no signal; it only loses its peer.
//
// usage: leave SECONDS COMMAND...
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void die(int number) {
  (void)number;
  raise(SIGKILL);
}

int main(int argc, char **argv) {
  int to_child[2], from_child[2];
  if (argc < 3 || pipe(to_child) != 0 || pipe(from_child) != 0) return 2;
  if (fork() == 0) {
    dup2(to_child[0], STDIN_FILENO);
    dup2(from_child[1], STDOUT_FILENO);
    for (int i = 0; i < 2; ++i) close(to_child[i]), close(from_child[i]);
    execvp(argv[2], argv + 2);
    _exit(127);
  }
  signal(SIGALRM, die);
  alarm(atoi(argv[1]));
  close(to_child[0]);
  close(from_child[1]);
  char text[4096];
  while (read(from_child[0], text, sizeof text) > 0) continue;
  pause();
}
