/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: talk PATH [PROMPT TEXT]...
 *
 * Talks to a guest over a terminal or a Unix socket: waits for each prompt, writes the text after it, and prints
 * everything that it receives until the other end is closed. It gives up after 90 seconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int open_path(const char *path) {
  struct stat status;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd;

  if (stat(path, &status) == 0 && S_ISSOCK(status.st_mode)) {
    strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? fd : -1;
  }
  return open(path, O_RDWR | O_NOCTTY);
}

int main(int argc, char **argv) {
  static char seen[1 << 20];
  size_t filled = 0, matched = 0;
  int next = 2;
  int fd = argc > 1 ? open_path(argv[1]) : -1;

  if (fd < 0) {
    perror(argc > 1 ? argv[1] : "talk");
    return 1;
  }
  alarm(90);
  for (;;) {
    ssize_t count = read(fd, seen + filled, sizeof(seen) - 1 - filled);

    if (count <= 0) return 0; /* a terminal reports EIO when its other end is closed */
    if (write(1, seen + filled, count) != count) return 1;
    filled += count;
    while (next + 1 < argc) {
      char *found = strstr(seen + matched, argv[next]);

      if (!found) break;
      matched = found - seen + strlen(argv[next]);
      if (write(fd, argv[next + 1], strlen(argv[next + 1])) < 0) return 1;
      next += 2;
    }
  }
}
