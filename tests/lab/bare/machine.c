// SPDX-License-Identifier: Apache-2.0
//
// The machine's services: output on the terminal, the clock, RTAS, and power-off.
#include "bare.h"

uint64_t vty;
uint32_t ticks_per_second = 512000000;

void wait_us(uint64_t microseconds) {
  for (const uint64_t end = ticks() + microseconds * ticks_per_second / 1000000; ticks() < end;) {
  }
}

// --- Output. H_PUT_TERM_CHAR takes up to 16 characters; the first one is in the most significant byte.

static char line[16];
static unsigned in_line;
static unsigned passed, failed;

void flush(void) {
  uint64_t characters[2] = {0, 0};
  for (unsigned i = 0; i < in_line; ++i) characters[i / 8] |= (uint64_t)(uint8_t)line[i] << (56 - 8 * (i % 8));
  while (HCALL(kPutTermChar, vty, in_line, characters[0], characters[1]) == kBusy) {
  }
  in_line = 0;
}

void say(const char *text) {
  for (; *text; ++text) {
    line[in_line++] = *text;
    if (in_line == sizeof line || *text == '\n') flush();
  }
}

// Prints statuses in decimal, other numbers in hexadecimal.
void say_number(uint64_t number) {
  const int64_t small = number;
  const bool is_decimal = small > -10000 && small < 10000;
  char digits[24], *first = digits + sizeof digits - 1;
  *first = '\0';
  uint64_t rest = is_decimal && small < 0 ? -number : number;
  const unsigned base = is_decimal ? 10 : 16;
  do *--first = "0123456789abcdef"[rest % base];
  while (rest /= base);
  if (is_decimal && small < 0) *--first = '-';
  if (!is_decimal) *--first = 'x', *--first = '0';
  say(first);
}

void note(const char *sentence, uint64_t number) {
  say("# ");
  say(sentence);
  say(": ");
  say_number(number);
  say("\n");
}

// Prints the verdict. After a failure the caller completes the line with the expected value.
static bool judge(const char *sentence, bool holds, uint64_t got) {
  ++*(holds ? &passed : &failed);
  say(holds ? "ok " : "FAIL ");
  say(sentence);
  if (holds) {
    say("\n");
    return true;
  }
  say(": got ");
  say_number(got);
  say(", expected ");
  return false;
}

void expect(const char *sentence, uint64_t got, uint64_t expected) {
  if (judge(sentence, got == expected, got)) return;
  say_number(expected);
  say("\n");
}

void expect_true(const char *sentence, bool holds, uint64_t got, const char *expected) {
  if (judge(sentence, holds, got)) return;
  say(expected);
  say("\n");
}

void expect_one_of(const char *sentence, uint64_t got, size_t count, const uint64_t *expected) {
  bool found = false;
  for (size_t i = 0; i < count; ++i) found |= got == expected[i];
  if (judge(sentence, found, got)) return;
  for (size_t i = 0; i < count; ++i) {
    if (i) say(" or ");
    say_number(expected[i]);
  }
  say("\n");
}

_Noreturn void finish(void) {
  say_number(passed);
  say(" passed, ");
  say_number(failed);
  say(" failed\n");
  const int32_t status = RTAS("power-off", 1, NULL, 0xffffffff, 0xffffffff);
  note("power-off returned", status);
  for (;;) {
  }
}

// --- RTAS (LoPAR 7.2.8): the argument block has big-endian cells, independent of the caller's byte order.

int64_t rtas_block(uint32_t *block, uint32_t token, uint32_t nargs, uint32_t nret, const uint32_t *arguments) {
  block[0] = be32(token);
  block[1] = be32(nargs);
  block[2] = be32(nret);
  for (uint32_t i = 0; i < nargs; ++i) block[3 + i] = be32(arguments[i]);
  for (uint32_t i = 0; i < nret; ++i) block[3 + nargs + i] = be32(0xdeadbeef);
  return HCALL(kRtas, (uintptr_t)block);
}

int32_t rtas(const char *name, uint32_t nargs, const uint32_t *arguments, uint32_t nret, uint32_t *results) {
  static uint32_t block[3 + 2 * kMaxCells];
  uint32_t token;
  if (!cell(find_node("/rtas"), name, &token)) return kNoSuchCall;
  rtas_block(block, token, nargs, nret, arguments);
  for (uint32_t i = 1; i < nret; ++i) results[i - 1] = be32(block[3 + nargs + i]);
  return be32(block[3 + nargs]);
}
