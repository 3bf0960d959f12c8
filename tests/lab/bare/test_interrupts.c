// SPDX-License-Identifier: Apache-2.0
//
// The decrementer, and the interrupt controller (XICS): H_XIRR accepts the most favoured pending source,
// H_EOI ends it, H_CPPR masks by priority, H_IPI and H_IPOLL raise and show a processor's own messages.
//
// Priority 0 is the most favoured, 0xff the least. Under v2, an emulated hypervisor does not deliver external
// interrupts, so there the tests only call H_XIRR.
#include "bare.h"

// A busy emulated host may deliver an interrupt seconds late.
enum { kDecrementer = 0x900, kExternal = 0x500, kMillisecond = 1000, kLong = 20000000 };

static void set_decrementer(int64_t value) { __asm__ volatile("mtdec %0" : : "r"(value)); }
static int32_t decrementer(void) {
  uint64_t value;
  __asm__ volatile("mfdec %0" : "=r"(value));
  return value;
}

// Not under v2, where the decrementer does not keep its value while the guest is out: see main.c.
static void test_counting(void) {
  const int64_t tenth = ticks_per_second / 10;
  set_decrementer(tenth);
  const uint64_t from = ticks();
  const int32_t first = decrementer();
  wait_us(10 * kMillisecond);
  const int64_t passed = ticks() - from, counted = first - decrementer();
  expect_true("the decrementer counts at the timebase's rate", counted >= passed / 2 && counted <= passed * 2 + tenth,
              counted, "about the same");

  allow(kDecrementer, 0);
  set_decrementer(0);
  wait_us(20 * kMillisecond);
  expect("the decrementer does not interrupt while interrupts are off", interrupt_count(), 0);
  expect_true("the decrementer counts below 0", decrementer() < 0, decrementer(), "less than 0");
  enable_interrupts();
  wait_for_interrupt(kLong);
  disable_interrupts();
  expect("a pending decrementer interrupts when interrupts are enabled", interrupt_count(), 1);

  allow(kDecrementer, 0);
  set_decrementer(0);
  wait_us(kMillisecond);
  set_decrementer(0x7fffffff);
  enable_interrupts();
  wait_for_interrupt(5 * kMillisecond);
  disable_interrupts();
  expect("a decrementer that is reset in time does not interrupt", interrupt_count(), 0);
}

void test_decrementer(void) {
  take_interrupts_in_our_byte_order();
  const int64_t tenth = ticks_per_second / 10;
  expect_true("the timebase has a frequency", ticks_per_second >= 1000000, ticks_per_second, "1 MHz or more");
  if (!under_v2) test_counting();
  allow(kDecrementer, 0);
  const uint64_t before = ticks();
  set_decrementer(tenth);
  enable_interrupts();
  wait_for_interrupt(kLong);
  const int64_t took = ticks() - before;
  disable_interrupts();
  expect_true("the decrementer interrupts", under_v2 ? interrupt_count() >= 1 : interrupt_count() == 1,
              interrupt_count(), "1");
  if (!under_v2)
    expect_true("the decrementer does not interrupt before it expires", took >= tenth, took, "a tenth of a second");
  expect("the decrementer interrupt is at 0x900", self()->vector, kDecrementer);
  const uint64_t srr0 = self()->srr0;
  expect_true("SRR0 is in the waiting loop", srr0 >= (uintptr_t)_start && srr0 < (uintptr_t)_end && srr0 % 4 == 0, srr0,
              "an instruction of this program");
  expect("SRR1 is the interrupted MSR", visible_msr(self()->srr1),
         visible_msr(MSR_SF | MSR_ME | MSR_EE | MSR_RI | (kLittle ? MSR_LE : 0)));
  expect("the interrupt starts in 64-bit real mode, with interrupts off", visible_msr(self()->msr),
         visible_msr(MSR_SF | MSR_ME | (kLittle ? MSR_LE : 0)));
  allow_none();
}

// --- The interrupt controller. H_XIRR returns the previous priority and the source (2: a processor's message).

static uint64_t answer(uint64_t number, uint64_t argument, uint64_t *second) {
  uint64_t registers[9] = {argument};
  const int64_t status = hypercall(number, registers);
  if (second) *second = registers[1];
  return status == kSuccess ? registers[0] : (uint64_t)status;
}
static uint64_t accept(void) { return answer(kXirr, 0, NULL); }

// Interrupts are off here: H_XIRR and H_IPOLL show the pending sources.
static void test_asking(void) {
  enum { kNoProcessor = 4711, kMessage = 2 };
  const uint64_t me = self()->number;
  uint64_t message = 0;
  disable_interrupts();
  expect("H_CPPR unmasks all priorities", HCALL(kCppr, 0xff), kSuccess);
  expect("H_XIRR returns source 0 without a pending source", accept(), 0xff000000);
  expect("H_IPI to the own processor succeeds", HCALL(kIpi, me, 5), kSuccess);
  expect("H_IPOLL shows the message", answer(kIpoll, me, &message), 0xff000000 | kMessage);
  expect("H_IPOLL shows the message's priority", message, 5);
  expect("H_XIRR accepts the message", accept(), 0xff000000 | kMessage);
  expect("H_XIRR accepts a message once", accept(), 0x05000000);
  expect("H_IPI withdraws a message", HCALL(kIpi, me, 0xff), kSuccess);
  expect("H_EOI of the message succeeds", HCALL(kEoi, 0xff000000 | kMessage), kSuccess);
  expect("H_EOI unmasks all priorities again", accept(), 0xff000000);

  HCALL(kCppr, 4);
  HCALL(kIpi, me, 5);
  expect("a message with a masked priority waits", accept(), 0x04000000);
  HCALL(kCppr, 6);
  expect("a waiting message is presented when its priority is unmasked", accept(), 0x06000000 | kMessage);
  HCALL(kIpi, me, 0xff);
  HCALL(kEoi, 0xff000000 | kMessage);

  HCALL(kIpi, me, 5);
  expect("a message that is not withdrawn is accepted", accept(), 0xff000000 | kMessage);
  HCALL(kEoi, 0xff000000 | kMessage);
  expect("a message that is not withdrawn is presented again after H_EOI", accept(), 0xff000000 | kMessage);
  HCALL(kIpi, me, 0xff);
  HCALL(kEoi, 0xff000000 | kMessage);

  HCALL(kIpi, me, 7);
  uint64_t registers[9] = {0};
  const uint64_t before = ticks();
  expect("H_XIRR_X succeeds", hypercall(kXirrX, registers), kSuccess);
  expect("H_XIRR_X returns the source", registers[0], 0xff000000 | kMessage);
  expect_true("H_XIRR_X returns the time", registers[1] - before < ticks_per_second, registers[1], "the timebase's");
  HCALL(kIpi, me, 0xff);
  HCALL(kEoi, 0xff000000 | kMessage);
  expect("H_IPI to an unknown server is refused", HCALL(kIpi, kNoProcessor, 5), kParameter);
  expect("H_IPOLL of an unknown server is refused", answer(kIpoll, kNoProcessor, NULL), kParameter);
}

static void test_delivery(void) {
  const uint64_t me = self()->number;
  allow(kExternal, 0);
  HCALL(kIpi, me, 5);
  wait_us(kMillisecond);
  expect("a message waits while interrupts are off", interrupt_count(), 0);
  enable_interrupts();
  wait_for_interrupt(kLong);
  disable_interrupts();
  expect("a waiting message interrupts when interrupts are enabled", interrupt_count(), 1);
  expect("the external interrupt is at 0x500", self()->vector, kExternal);
  expect("H_XIRR in the interrupt returns the message", self()->xirr, 0xff000002);
  expect("SRR1 has the external-interrupt enable bit", self()->srr1 & MSR_EE, MSR_EE);

  allow(kExternal, 0);
  enable_interrupts();
  HCALL(kIpi, me, 5);
  wait_for_interrupt(kLong);
  expect("a message to the own processor interrupts at once", interrupt_count(), 1);
  HCALL(kCppr, 0);
  HCALL(kIpi, me, 5);
  wait_us(5 * kMillisecond);
  expect("priority 0 masks all messages", interrupt_count(), 1);
  allow(kExternal, 0);
  HCALL(kCppr, 0xff);
  wait_for_interrupt(kLong);
  expect("a masked message interrupts when it is unmasked", interrupt_count(), 1);
  disable_interrupts();
  allow_none();
}

void test_external(void) {
  take_interrupts_in_our_byte_order();
  set_decrementer(0x7fffffff);
  test_asking();
  if (!under_v2) test_delivery();
}

// --- Terminal input: the terminal's interrupt source is presented, and then H_GET_TERM_CHAR returns the characters.

void test_input(void) {
  take_interrupts_in_our_byte_order();
  set_decrementer(0x7fffffff);
  uint32_t source = 0;
  for (Node node = first_child(find_node("/vdevice")); node; node = next_sibling(node))
    if (has_text(node, "compatible", "hvterm1")) cell(node, "interrupts", &source);
  HCALL(kCppr, 0xff);
  HCALL(kVioSignal, vty, 1);
  expect("ibm,set-xive sets the server of the terminal's source",
         RTAS("ibm,set-xive", 1, NULL, source, self()->number, 6), kSuccess);
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
  expect("input at the terminal raises its interrupt source", presented, 0xff000000 | source);
  uint64_t registers[9] = {vty};
  expect("H_GET_TERM_CHAR succeeds", hypercall(kGetTermChar, registers), kSuccess);
  expect("H_GET_TERM_CHAR returns the number of characters", registers[0], 10);
  expect("H_GET_TERM_CHAR returns the first eight characters", registers[1], 0x3031323334353637);
  expect("H_GET_TERM_CHAR returns the remaining characters", registers[2] >> 48, 0x3839);
}
