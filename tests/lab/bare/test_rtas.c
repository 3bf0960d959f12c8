// SPDX-License-Identifier: Apache-2.0
//
// RTAS, called by hypercall and through its entry point.
#include "bare.h"

enum { kParameterError = -3, kUnanswered = (int32_t)0xdeadbeef };

static uint32_t block[3 + kMaxCells] __attribute__((aligned(64)));

static uint32_t token_of(const char *name) {
  uint32_t token = 0xffffffff;
  cell(find_node("/rtas"), name, &token);
  return token;
}

static void test_time(void) {
  uint32_t time[7] = {0};
  expect("get-time-of-day succeeds", RTAS("get-time-of-day", 8, time), kSuccess);
  expect_true("the year is plausible", time[0] >= 2020 && time[0] < 2100, time[0], "2020 to 2099");
  const bool is_a_time =
      time[1] - 1 < 12 && time[2] - 1 < 31 && time[3] < 24 && time[4] < 60 && time[5] < 60 && time[6] < 1000000000;
  expect_true("month, day, hour, minute, second, nanosecond are in their ranges", is_a_time, time[1], "a time of day");
  expect("set-time-of-day takes a time", RTAS("set-time-of-day", 1, NULL, 2031, 2, 28, 23, 59, 59, 0), kSuccess);
  RTAS("get-time-of-day", 8, time);
  const bool is_that = time[0] == 2031 && ((time[1] == 2 && time[2] == 28) || (time[1] == 3 && time[2] == 1));
  expect_true("get-time-of-day then returns the time that was set", is_that, time[1] * 100 + time[2], "228 or 301");
  expect("set-time-of-day refuses a thirteenth month", RTAS("set-time-of-day", 1, NULL, 2031, 13, 1, 0, 0, 0, 0),
         kParameterError);
}

static void test_blocks(void) {
  expect("H_RTAS succeeds for an unknown token", rtas_block(block, 99999, 0, 1, NULL), kSuccess);
  expect("an unknown token is a parameter error", be32(block[3]), (uint32_t)kParameterError);
  const uint32_t time_of_day = token_of("get-time-of-day");
  expect("a call with too few results succeeds as a hypercall", rtas_block(block, time_of_day, 0, 2, NULL), kSuccess);
  expect("a call with too few results is a parameter error", be32(block[3]), (uint32_t)kParameterError);
  rtas_block(block, token_of("display-character"), 2, 1, (uint32_t[]){'?', '?'});
  expect("a call with too many arguments is a parameter error", be32(block[5]), (uint32_t)kParameterError);
  expect("a call with too many arguments keeps its arguments", be32(block[4]), '?');
}

static void test_characters(void) {
  say("# ");
  flush();
  bool holds = true;
  for (const char *at = "display-character says this\n"; *at; ++at)
    holds &= RTAS("display-character", 1, NULL, *at) == kSuccess;
  expect_true("display-character takes characters", holds, holds, "1");
}

static void test_nvram(void) {
  static uint64_t stored, fetched;
  uint32_t count = 0;
  stored = 0x1122334455667788;
  expect("nvram-store takes eight bytes", RTAS("nvram-store", 2, &count, 40000, (uint32_t)(uintptr_t)&stored, 8),
         kSuccess);
  expect("nvram-store returns the number of bytes", count, 8);
  expect("nvram-fetch returns eight bytes", RTAS("nvram-fetch", 2, &count, 40000, (uint32_t)(uintptr_t)&fetched, 8),
         kSuccess);
  expect("nvram-fetch returns the stored bytes", fetched, stored);
  expect("nvram-fetch beyond the end is a parameter error",
         RTAS("nvram-fetch", 2, &count, 0x7fffffff, (uint32_t)(uintptr_t)&fetched, 8), kParameterError);
}

static void test_sources(void) {
  uint32_t source = 0, answer[2] = {0, 0};
  for (Node node = first_child(find_node("/vdevice")); node; node = next_sibling(node))
    if (has_text(node, "compatible", "hvterm1")) cell(node, "interrupts", &source);
  expect_true("the terminal has an interrupt source", source >= 16, source, "16 or more");
  expect("ibm,set-xive sets the source's server and priority", RTAS("ibm,set-xive", 1, NULL, source, self()->number, 6),
         kSuccess);
  expect("ibm,get-xive succeeds", RTAS("ibm,get-xive", 3, answer, source), kSuccess);
  expect("ibm,get-xive returns the server", answer[0], self()->number);
  expect("ibm,get-xive returns the priority", answer[1], 6);
  expect("ibm,int-off masks the source", RTAS("ibm,int-off", 1, NULL, source), kSuccess);
  RTAS("ibm,get-xive", 3, answer, source);
  expect("a masked source has the least favoured priority", answer[1], 0xff);
  expect("ibm,int-on unmasks the source", RTAS("ibm,int-on", 1, NULL, source), kSuccess);
  RTAS("ibm,get-xive", 3, answer, source);
  expect("ibm,int-on restores the priority", answer[1], 6);
  expect("ibm,set-xive of a missing source is a parameter error", RTAS("ibm,set-xive", 1, NULL, 0xfffff0, 0, 6),
         kParameterError);
  RTAS("ibm,int-off", 1, NULL, source);
}

// Through the entry point in the tree, which is for programs without a client interface.
static void test_entry_code(const char *called, const char *answered, uint64_t bits_off) {
  uint32_t entry = 0;
  cell(find_node("/rtas"), "linux,rtas-entry", &entry);
  expect_true("the tree contains the entry point of RTAS", entry != 0, entry, "not 0");
  if (!entry) return;
  for (int i = 0; i < 11; ++i) block[i] = be32(0xdeadbeef);
  block[0] = be32(token_of("get-time-of-day"));
  block[1] = 0;
  block[2] = be32(8);
  const uint64_t before = msr();
  call_rtas_entry(block, entry, bits_off);
  expect(called, msr(), before);
  expect_true(answered, block[3] == 0 && be32(block[4]) >= 2020 && be32(block[4]) < 2100, be32(block[4]), "a year");
}

void test_rtas(void) {
  test_time();
  test_blocks();
  test_characters();
  test_nvram();
  test_sources();
  test_entry_code("RTAS returns to its caller after an entry in 32-bit mode",
                  "RTAS answers after an entry in 32-bit mode", MSR_EE | MSR_LE | MSR_SF);
  test_entry_code("RTAS returns to its caller after an entry in 64-bit mode",
                  "RTAS answers after an entry in 64-bit mode", MSR_EE | MSR_LE);
  expect("power-off with one argument too few is a parameter error", RTAS("power-off", 1, NULL, 0xffffffff),
         kParameterError);
}
