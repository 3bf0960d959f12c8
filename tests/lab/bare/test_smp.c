// SPDX-License-Identifier: Apache-2.0
//
// Further processors: start, stop, restart, H_PROD, and messages (LoPAR 7.3.8: start-cpu, stop-self,
// query-cpu-stopped-state).
//
// A further processor gets the address of its struct processor, reads its task there, and records its progress there.
// Only the first processor prints.
#include "bare.h"

enum { kStopped = 0, kRunning = 2, kParameterError = -3, kHardwareError = -1 };
enum { kStops = 1, kCedes = 2, kTakesMessages = 3 };  // processor.argument
enum { kDecrementer = 0x900, kExternal = 0x500, kSecond = 1000000, kNoProcessor = 4711 };

#define SHARED(field) (*(volatile uint64_t *)&(field))
static void in_order(void) { __asm__ volatile("sync" : : : "memory"); }

static void set_decrementer(int64_t value) { __asm__ volatile("mtdec %0" : : "r"(value)); }

static void stop_self(void) {
  // One block per processor: the first processor calls RTAS at the same time.
  static uint32_t blocks[kMaxProcessors][8];
  uint32_t token = 0;
  cell(find_node("/rtas"), "stop-self", &token);
  rtas_block(blocks[self() - processors], token, 0, 1, NULL);
}

_Noreturn void secondary(struct processor *me, uint64_t msr_at_entry) {
  disable_interrupts();
  set_decrementer(0x7fffffff);
  SHARED(me->entry_msr) = msr_at_entry;
  in_order();
  ++SHARED(me->lives);
  if (me->argument == kCedes) {
    allow(kDecrementer, 0);
    do {  // under v2 the decrementer may wake the processor
      HCALL(kCede);
      disable_interrupts();
      ++SHARED(me->wakes);
    } while (under_v2 && !SHARED(me->is_prodded));
    in_order();
    ++SHARED(me->done);
  }
  if (me->argument == kTakesMessages) {
    HCALL(kCppr, 0xff);
    if (!under_v2) {
      allow(kExternal, 0);
      enable_interrupts();
      wait_for_interrupt(20 * kSecond);
      disable_interrupts();
    } else {
      uint64_t registers[9];
      const uint64_t end = ticks() + 20ull * ticks_per_second;
      do hypercall(kXirr, registers);
      while ((registers[0] & 0xffffff) == 0 && ticks() < end);
      HCALL(kIpi, me->number, 0xff);
      HCALL(kEoi, registers[0]);
      me->xirr = registers[0];
    }
    in_order();
    ++SHARED(me->done);
  }
  stop_self();
  SHARED(me->lives) = 99;  // not reached
  for (;;) {
  }
}

static int32_t state_of(uint32_t number) {
  uint32_t state = 0;
  const int32_t status = RTAS("query-cpu-stopped-state", 2, &state, number);
  return status == kSuccess ? (int32_t)state : status;
}

static int32_t start(struct processor *processor, uint64_t what) {
  processor->argument = what;
  in_order();
  return RTAS("start-cpu", 1, NULL, processor->number, (uint32_t)(uintptr_t)secondary_start,
              (uint32_t)(uintptr_t)processor);
}

// Waits until the field has this value; false after 20 s.
static bool becomes(volatile uint64_t *field, uint64_t value) {
  for (const uint64_t end = ticks() + 20ull * ticks_per_second; *field != value && ticks() < end;)
    HCALL(kConfer, -1ull, 0);
  in_order();
  return *field == value;
}
static bool stops(const struct processor *processor) {
  for (const uint64_t end = ticks() + 20ull * ticks_per_second;
       state_of(processor->number) != kStopped && ticks() < end;) {
  }
  return state_of(processor->number) == kStopped;
}

static void test_one(struct processor *other) {
  expect("a further processor is stopped at first", state_of(other->number), kStopped);
  expect("start-cpu of a stopped processor succeeds", start(other, kStops), kSuccess);
  expect_true("the processor has started", becomes(&other->lives, 1), other->lives, "1");
  expect("the processor is entered in 64-bit big-endian real mode, with interrupts off", visible_msr(other->entry_msr),
         visible_msr(MSR_SF | MSR_ME));
  expect_true("stop-self stops the processor", stops(other), state_of(other->number), "0");
  expect("start-cpu starts the processor again", start(other, kStops), kSuccess);
  expect_true("the processor has started again", becomes(&other->lives, 2), other->lives, "2");
  expect_true("the processor has stopped again", stops(other), state_of(other->number), "0");

  expect("start-cpu starts the processor for H_CEDE", start(other, kCedes), kSuccess);
  expect_true("the processor has started for H_CEDE", becomes(&other->lives, 3), other->lives, "3");
  wait_us(kSecond / 20);
  expect("the processor sleeps in H_CEDE", SHARED(other->done), 0);
  expect("the state of a sleeping processor is 'running'", state_of(other->number), kRunning);
  expect("start-cpu of a running processor is an error", start(other, kCedes), kHardwareError);
  SHARED(other->is_prodded) = true;
  in_order();
  expect("H_PROD of the sleeping processor succeeds", HCALL(kProd, other->number), kSuccess);
  expect_true("H_PROD wakes the processor", becomes(&other->done, 1), other->done, "1");
  if (!under_v2) expect("the processor woke once", other->wakes, 1);
  if (!under_v2) expect("no interrupt woke the processor", other->count, 0);
  expect_true("the processor stops after H_CEDE", stops(other), state_of(other->number), "0");

  expect("start-cpu starts the processor for a message", start(other, kTakesMessages), kSuccess);
  expect_true("the processor has started for a message", becomes(&other->lives, 4), other->lives, "4");
  expect("H_IPI to the processor succeeds", HCALL(kIpi, other->number, 4), kSuccess);
  expect_true("the processor gets the message", becomes(&other->done, 2), other->done, "2");
  expect("the message's source is 2, a processor's message", other->xirr, 0xff000002);
  expect_true("the processor stops after the message", stops(other), state_of(other->number), "0");
}

void test_smp(void) {
  take_interrupts_in_our_byte_order();
  disable_interrupts();
  set_decrementer(0x7fffffff);
  expect("the first processor is running", state_of(self()->number), kRunning);
  expect("start-cpu of the first processor is an error", start(self(), kStops), kHardwareError);
  expect("query-cpu-stopped-state of an unknown processor is a parameter error", state_of(kNoProcessor),
         kParameterError);
  struct processor unknown = {.number = kNoProcessor};
  expect("start-cpu of an unknown processor is a parameter error", start(&unknown, kStops), kParameterError);
  uint64_t count = 1;
  for (Node cpu = first_child(find_node("/cpus")); cpu; cpu = next_sibling(cpu)) {
    uint32_t number = 0;
    if (!has_text(cpu, "device_type", "cpu") || !cell(cpu, "reg", &number) || number == self()->number) continue;
    if (count == kMaxProcessors) break;
    processors[count].number = number;
    test_one(&processors[count++]);
  }
  uint64_t expected = 2;
  option("processors", &expected);
  expect("the tree has the requested number of processors", count, expected);
}
