// SPDX-License-Identifier: Apache-2.0
//
// Runs a command on a new terminal and prints the command's output.
//
// usage: on-terminal COMMAND...
#include <pty.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  int terminal;
  const pid_t child = forkpty(&terminal, NULL, NULL, NULL);
  if (child < 0) {
    perror("on-terminal: forkpty");
    return 1;
  }
  if (child == 0) {
    execvp(argv[1], argv + 1);
    _exit(127);
  }
  char text[4096];
  for (ssize_t count; (count = read(terminal, text, sizeof text)) > 0;)
    if (write(STDOUT_FILENO, text, count) != count) return 1;
  int status;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
