// SPDX-License-Identifier: Apache-2.0
//
// Forbids a running process to allocate more memory (RLIMIT_AS 0); it keeps the memory that it has.
//
// usage: starve PID
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

int main(int argc, char **argv) {
  const struct rlimit none = {0, RLIM_INFINITY};
  if (argc == 2 && prlimit(atoi(argv[1]), RLIMIT_AS, &none, NULL) == 0) return 0;
  perror("starve");
  return 1;
}
