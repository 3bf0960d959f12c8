// SPDX-License-Identifier: Apache-2.0
//
// Runs a VMM with its guest's console on a pipe, and prints one line of JSON:
//
//   first_us, ready_us, exit_us   microseconds from the exec of the VMM to the console's first byte, to the marker, and
//   to
//                                 the VMM's end; the time that the memory measurement took is subtracted from exit_us
//   private_kib, anonymous_kib    the VMM's own memory when the guest prints the marker: the sum of Private_Clean and
//                                 Private_Dirty, and of Anonymous, in /proc/PID/smaps, without the guest's RAM
//   ram_kib                       the private memory within the guest's RAM at that moment
//   console_bytes, tail           the number of bytes on the console, and the last of them
//
// The pipe is read at a real-time priority, so that on a host with one processor each byte is timed on its arrival.
// With -k the VMM is killed at the marker. With -s the VMM must exit with STATUS, and its standard error counts as
// console output.
//
// usage: stopwatch [-k | -s STATUS] SECONDS RAM-MIB MARKER COMMAND...
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONSOLE_MAX = 4 << 20, VMA_MAX = 4096, TAIL = 2000, WORDS = 64 };

struct vma {
  uint64_t start, end;
  uint64_t private_kib, anonymous_kib;
};

static char console[CONSOLE_MAX];
static struct vma vmas[VMA_MAX];

static void die(const char *what) {
  fprintf(stderr, "stopwatch: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * INT64_C(1000000) + time.tv_nsec / 1000;
}

static int read_vmas(pid_t pid) {
  char path[64], line[4096];
  int count = 0;
  snprintf(path, sizeof path, "/proc/%d/smaps", pid);
  FILE *smaps = fopen(path, "r");
  if (!smaps) die(path);
  while (fgets(line, sizeof line, smaps)) {
    unsigned long long first, second;
    if (sscanf(line, "%llx-%llx ", &first, &second) == 2) {
      if (count == VMA_MAX) {
        errno = E2BIG;
        die(path);
      }
      vmas[count++] = (struct vma){.start = first, .end = second};
    } else if (sscanf(line, "Private_Clean: %llu", &first) == 1 || sscanf(line, "Private_Dirty: %llu", &first) == 1) {
      vmas[count - 1].private_kib += first;
    } else if (sscanf(line, "Anonymous: %llu", &first) == 1) {
      vmas[count - 1].anonymous_kib += first;
    }
  }
  fclose(smaps);
  return count;
}

struct memory {
  uint64_t private_kib, anonymous_kib, ram_kib;
};

// Finds the guest's RAM: adjacent VMAs whose sizes add up to its size. There are several VMAs where files are mapped
// into the RAM. Of two matching ranges, the one with more private memory is taken.
static int find_ram(int count, uint64_t size, int *first, int *last) {
  int found = 0;
  uint64_t most = 0;
  for (int from = 0; from < count; ++from) {
    uint64_t held = 0;
    for (int to = from; to < count; ++to) {
      if (to > from && vmas[to].start != vmas[to - 1].end) break;
      held += vmas[to].private_kib;
      if (vmas[to].end - vmas[from].start < size) continue;
      if (vmas[to].end - vmas[from].start == size && (!found || held > most)) {
        found = 1;
        most = held;
        *first = from;
        *last = to;
      }
      break;
    }
  }
  return found;
}

static struct memory memory_of(pid_t pid, uint64_t ram) {
  struct memory sum = {0};
  const int count = read_vmas(pid);
  int first = 0, last = 0;
  if (!find_ram(count, ram, &first, &last)) {
    fprintf(stderr, "stopwatch: no mappings of the VMM make up the guest's memory; those above 1 MiB are:\n");
    for (int i = 0; i < count; ++i)
      if (vmas[i].end - vmas[i].start > 1 << 20)
        fprintf(stderr, "  %llx-%llx private %llu KiB\n", (unsigned long long)vmas[i].start,
                (unsigned long long)vmas[i].end, (unsigned long long)vmas[i].private_kib);
    exit(1);
  }
  for (int i = 0; i < count; ++i) {
    if (i >= first && i <= last) {
      sum.ram_kib += vmas[i].private_kib;
    } else {
      sum.private_kib += vmas[i].private_kib;
      sum.anonymous_kib += vmas[i].anonymous_kib;
    }
  }
  return sum;
}

static void fail(const char *what, size_t length) {
  const size_t from = length > TAIL ? length - TAIL : 0;
  fprintf(stderr, "stopwatch: %s; the console's end:\n%.*s\n", what, (int)(length - from), console + from);
  exit(1);
}

static pid_t spawn(char **command, int console_end, int with_errors, int64_t *start) {
  static volatile int64_t began;
  const pid_t pid = vfork();  // shares the memory until the exec, so that the child can record the time of its exec
  if (pid < 0) die("vfork");
  if (pid == 0) {
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // the VMM does not outlive the measurement
    dup2(nothing, STDIN_FILENO);
    dup2(console_end, STDOUT_FILENO);
    if (with_errors) dup2(console_end, STDERR_FILENO);
    began = now_us();
    execvp(command[0], command);
    fprintf(stderr, "stopwatch: cannot run %s: %s\n", command[0], strerror(errno));
    _exit(127);
  }
  *start = began;
  return pid;
}

// Prints the last bytes as a JSON string. Bytes that would need an escape are replaced with spaces.
static void print_tail(size_t length) {
  putchar('"');
  for (size_t i = length > WORDS ? length - WORDS : 0; i < length; ++i)
    putchar(console[i] < ' ' || console[i] > '~' || console[i] == '"' || console[i] == '\\' ? ' ' : console[i]);
  putchar('"');
}

int main(int argc, char **argv) {
  const int end_at_marker = argc > 1 && strcmp(argv[1], "-k") == 0;
  const int refuses = argc > 2 && strcmp(argv[1], "-s") == 0;
  const int expected = refuses ? atoi(argv[2]) : 0;
  argc -= end_at_marker + 2 * refuses;
  argv += end_at_marker + 2 * refuses;
  if (argc < 5) {
    fprintf(stderr, "usage: stopwatch [-k | -s STATUS] SECONDS RAM-MIB MARKER COMMAND...\n");
    return 2;
  }
  const int64_t limit_us = atoll(argv[1]) * INT64_C(1000000);
  const uint64_t ram = strtoull(argv[2], NULL, 10) << 20;
  const char *marker = argv[3];

  // Run before all other processes of a host with one processor: bytes are timed on arrival, and the VMM's memory does
  // not change while it is measured. The VMM must not inherit this priority.
  const struct sched_param priority = {.sched_priority = 1};
  if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority) != 0) die("SCHED_FIFO");

  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) die("pipe");
  int64_t start;
  const pid_t pid = spawn(argv + 4, ends[1], refuses, &start);
  close(ends[1]);

  int64_t first = -1, ready = -1, looking = 0;
  struct memory memory = {0};
  size_t length = 0;
  for (;;) {
    const int64_t left = start + limit_us - now_us();
    struct pollfd console_end = {.fd = ends[0], .events = POLLIN};
    if (left <= 0 || poll(&console_end, 1, (int)(left / 1000) + 1) == 0) fail("no end within the limit", length);
    if (length == sizeof console) fail("the console does not stop", length);
    const ssize_t got = read(ends[0], console + length, sizeof console - length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    const int64_t arrived = now_us();
    if (first < 0) first = arrived - start;
    // The marker may arrive in two pieces.
    const size_t before = length < strlen(marker) ? length : strlen(marker);
    const int found = ready < 0 && memmem(console + length - before, before + got, marker, strlen(marker)) != NULL;
    length += got;
    if (found) {
      ready = arrived - start;
      if (!refuses) memory = memory_of(pid, ram);
      looking = now_us() - arrived;
      if (end_at_marker && kill(pid, SIGKILL) != 0) die("kill");
    }
  }
  int status;
  if (waitpid(pid, &status, 0) != pid) die("waitpid");
  const int64_t exited = now_us() - start - looking;
  if (ready < 0) fail("the VMM ended before the guest printed the marker", length);
  if (end_at_marker ? !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL : status != expected << 8) {
    fprintf(stderr, "stopwatch: %s ended with wait status 0x%x\n", argv[4], status);
    return 1;
  }
  printf(
      "{\"first_us\": %lld, \"ready_us\": %lld, \"exit_us\": %lld, \"private_kib\": %llu, \"anonymous_kib\": %llu, "
      "\"ram_kib\": %llu, \"console_bytes\": %zu, \"tail\": ",
      (long long)first, (long long)ready, (long long)exited, (unsigned long long)memory.private_kib,
      (unsigned long long)memory.anonymous_kib, (unsigned long long)memory.ram_kib, length);
  print_tail(length);
  printf("}\n");
  return 0;
}
