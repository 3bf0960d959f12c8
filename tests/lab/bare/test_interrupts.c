// SPDX-License-Identifier: Apache-2.0
//
// The decrementer, and what the interrupt controller (XICS) presents.
#include "bare.h"

// An emulated host that is loaded may hand an interrupt on seconds late.
enum { kDecrementer = 0x900, kExternal = 0x500, kMillisecond = 1000, kLong = 20000000 };

static void set_decrementer(int64_t value) { __asm__ volatile("mtdec %0" : : "r"(value)); }
static int32_t decrementer(void) {
  uint64_t value;
  __asm__ volatile("mfdec %0" : "=r"(value));
  return value;
}

// Only where the decrementer is what it was: see main.c.
static void test_counting(void) {
  const int64_t tenth = ticks_per_second / 10;
  set_decrementer(tenth);
  const uint64_t from = ticks();
  const int32_t first = decrementer();
  wait_us(10 * kMillisecond);
  const int64_t passed = ticks() - from, counted = first - decrementer();
  expect_true("the decrementer counts as the timebase does", counted >= passed / 2 && counted <= passed * 2 + tenth,
              counted, "about the same");

  allow(kDecrementer, 0);
  set_decrementer(0);
  wait_us(20 * kMillisecond);
  expect("it does not interrupt while interrupts are off", came(), 0);
  expect_true("it counts on below 0", decrementer() < 0, decrementer(), "less than 0");
  enable_interrupts();
  wait_for_interrupt(kLong);
  disable_interrupts();
  expect("it does once they are on", came(), 1);

  allow(kDecrementer, 0);
  set_decrementer(0);
  wait_us(kMillisecond);
  set_decrementer(0x7fffffff);
  enable_interrupts();
  wait_for_interrupt(5 * kMillisecond);
  disable_interrupts();
  expect("one that is set anew in time does not interrupt", came(), 0);
}

void test_decrementer(void) {
  take_interrupts_in_our_byte_order();
  const int64_t tenth = ticks_per_second / 10;
  expect_true("the timebase has a frequency", ticks_per_second >= 1000000, ticks_per_second, "a megahertz or more");
  if (!under_v2) test_counting();
  allow(kDecrementer, 0);
  const uint64_t before = ticks();
  set_decrementer(tenth);
  enable_interrupts();
  wait_for_interrupt(kLong);
  const int64_t took = ticks() - before;
  disable_interrupts();
  expect_true("the decrementer interrupts", under_v2 ? came() >= 1 : came() == 1, came(), "1");
  if (!under_v2) expect_true("and not before it has expired", took >= tenth, took, "a tenth of a second");
  expect("at 0x900", self()->vector, kDecrementer);
  const uint64_t srr0 = self()->srr0;
  expect_true("SRR0 is where it waited", srr0 >= (uintptr_t)_start && srr0 < (uintptr_t)_end && srr0 % 4 == 0, srr0,
              "an instruction of its own");
  expect("SRR1 is the MSR of before", shown(self()->srr1),
         shown(MSR_SF | MSR_ME | MSR_EE | MSR_RI | (kLittle ? MSR_LE : 0)));
  expect("the interrupt begins in 64-bit real mode, with interrupts off", shown(self()->msr),
         shown(MSR_SF | MSR_ME | (kLittle ? MSR_LE : 0)));
  allow_none();
}

// --- The interrupt controller. H_XIRR's answer: the priority of before, and the source (2: a processor's message).

static uint64_t answer(uint64_t number, uint64_t argument, uint64_t *second) {
  uint64_t registers[9] = {argument};
  const int64_t status = hypercall(number, registers);
  if (second) *second = registers[1];
  return status == kSuccess ? registers[0] : (uint64_t)status;
}
static uint64_t accept(void) { return answer(kXirr, 0, NULL); }

// Nothing is interrupted in here: what is presented is asked for.
static void test_asking(void) {
  enum { kNobody = 4711, kMessage = 2 };
  const uint64_t me = self()->number;
  uint64_t message = 0;
  disable_interrupts();
  expect("H_CPPR lets all priorities through", HCALL(kCppr, 0xff), kSuccess);
  expect("H_XIRR gives no source where there is none", accept(), 0xff000000);
  expect("H_IPI to oneself succeeds", HCALL(kIpi, me, 5), kSuccess);
  expect("H_IPOLL shows it", answer(kIpoll, me, &message), 0xff000000 | kMessage);
  expect("H_IPOLL shows its priority", message, 5);
  expect("H_XIRR gives it", accept(), 0xff000000 | kMessage);
  expect("H_XIRR gives it once", accept(), 0x05000000);
  expect("H_IPI takes it back", HCALL(kIpi, me, 0xff), kSuccess);
  expect("H_EOI of it succeeds", HCALL(kEoi, 0xff000000 | kMessage), kSuccess);
  expect("behind it all priorities are let through again", accept(), 0xff000000);

  HCALL(kCppr, 4);
  HCALL(kIpi, me, 5);
  expect("one that is less favoured than what is let through waits", accept(), 0x04000000);
  HCALL(kCppr, 6);
  expect("and comes when that changes", accept(), 0x06000000 | kMessage);
  HCALL(kIpi, me, 0xff);
  HCALL(kEoi, 0xff000000 | kMessage);

  HCALL(kIpi, me, 5);
  expect("one that is not taken back", accept(), 0xff000000 | kMessage);
  HCALL(kEoi, 0xff000000 | kMessage);
  expect("comes again behind H_EOI", accept(), 0xff000000 | kMessage);
  HCALL(kIpi, me, 0xff);
  HCALL(kEoi, 0xff000000 | kMessage);

  HCALL(kIpi, me, 7);
  uint64_t registers[9] = {0};
  const uint64_t before = ticks();
  expect("H_XIRR_X succeeds", hypercall(kXirrX, registers), kSuccess);
  expect("H_XIRR_X gives the source", registers[0], 0xff000000 | kMessage);
  expect_true("H_XIRR_X gives the time", registers[1] - before < ticks_per_second, registers[1], "the timebase's");
  HCALL(kIpi, me, 0xff);
  HCALL(kEoi, 0xff000000 | kMessage);
  expect("H_IPI to a server that there is not is refused", HCALL(kIpi, kNobody, 5), kParameter);
  expect("H_IPOLL of a server that there is not is refused", answer(kIpoll, kNobody, NULL), kParameter);
}

static void test_delivery(void) {
  const uint64_t me = self()->number;
  allow(kExternal, 0);
  HCALL(kIpi, me, 5);
  wait_us(kMillisecond);
  expect("a message waits while interrupts are off", came(), 0);
  enable_interrupts();
  wait_for_interrupt(kLong);
  disable_interrupts();
  expect("a message interrupts once they are on", came(), 1);
  expect("at 0x500", self()->vector, kExternal);
  expect("H_XIRR in the interrupt gives the message", self()->xirr, 0xff000002);
  expect("SRR1 has interrupts on", self()->srr1 & MSR_EE, MSR_EE);

  allow(kExternal, 0);
  enable_interrupts();
  HCALL(kIpi, me, 5);
  wait_for_interrupt(kLong);
  expect("a message to oneself interrupts at once", came(), 1);
  HCALL(kCppr, 0);
  HCALL(kIpi, me, 5);
  wait_us(5 * kMillisecond);
  expect("none comes through priority 0", came(), 1);
  allow(kExternal, 0);
  HCALL(kCppr, 0xff);
  wait_for_interrupt(kLong);
  expect("until it is let through", came(), 1);
  disable_interrupts();
  allow_none();
}

void test_external(void) {
  take_interrupts_in_our_byte_order();
  set_decrementer(0x7fffffff);
  test_asking();
  if (!under_v2) test_delivery();
}

// --- What is typed at the terminal: its source is presented, and then the characters are there.

void test_input(void) {
  take_interrupts_in_our_byte_order();
  set_decrementer(0x7fffffff);
  uint32_t source = 0;
  for (Node node = first_child(find_node("/vdevice")); node; node = next_sibling(node))
    if (has_text(node, "compatible", "hvterm1")) cell(node, "interrupts", &source);
  HCALL(kCppr, 0xff);
  HCALL(kVioSignal, vty, 1);
  expect("the terminal's source can be given a server", RTAS("ibm,set-xive", 1, NULL, source, self()->number, 6),
         kSuccess);
  RTAS("ibm,int-on", 1, NULL, source);
  say("# type now\n");
  uint64_t presented = 0xff000000;
  if (!under_v2) {
    allow(kExternal, 0);
    enable_interrupts();
    wait_for_interrupt(kLong);
    disable_interrupts();
    allow_none();
    presented = self()->xirr;
  } else {
    for (const uint64_t end = ticks() + 20ull * ticks_per_second; presented == 0xff000000 && ticks() < end;)
      presented = accept();
    HCALL(kEoi, presented);
  }
  expect("what is typed makes the terminal's source interrupt", presented, 0xff000000 | source);
  uint64_t registers[9] = {vty};
  expect("H_GET_TERM_CHAR succeeds", hypercall(kGetTermChar, registers), kSuccess);
  expect("it gives as many characters as were typed", registers[0], 10);
  expect("the first eight", registers[1], 0x3031323334353637);
  expect("and the others", registers[2] >> 48, 0x3839);
}
