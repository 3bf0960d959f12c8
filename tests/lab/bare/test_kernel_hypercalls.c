// SPDX-License-Identifier: Apache-2.0
//
// The hypercalls that the host's kernel answers itself, without an exit to the VMM. Where kernels differ, a comment
// gives the measured answers.
#include "bare.h"

enum { kDecrementer = 0x900, kMillisecond = 1000, kLong = 20000000 };

static int64_t set_decrementer(uint64_t microseconds) {
  const int64_t value = microseconds * ticks_per_second / 1000000;
  __asm__ volatile("mtdec %0" : : "r"(value));
  return value;
}

// Not under v2, where an expired decrementer may be set anew by an exit to the hypervisor.
static void test_cede_when_expired(void) {
  disable_interrupts();
  allow(kDecrementer, 0);
  set_decrementer(0);
  wait_us(kMillisecond);
  expect("an expired decrementer waits while interrupts are off", interrupt_count(), 0);
  expect("H_CEDE with an expired decrementer succeeds", HCALL(kCede), kSuccess);
  wait_for_interrupt(kLong);
  expect("an expired decrementer interrupts after H_CEDE", interrupt_count(), 1);
}

static void test_cede(void) {
  disable_interrupts();
  allow(kDecrementer, 0);
  const uint64_t before = ticks();
  const int64_t length = set_decrementer(20 * kMillisecond);
  expect("H_CEDE before the decrementer expires succeeds", HCALL(kCede), kSuccess);
  const int64_t slept = ticks() - before;
  expect("H_CEDE enables interrupts", msr() & MSR_EE, MSR_EE);
  wait_for_interrupt(kLong);
  disable_interrupts();
  if (!under_v2) expect_true("H_CEDE sleeps until the decrementer expires", slept >= length, slept, "20 ms or more");
  expect_true("the decrementer interrupts after H_CEDE", under_v2 ? interrupt_count() >= 1 : interrupt_count() == 1,
              interrupt_count(), "1");
  allow_none();
}

static void test_prod_and_confer(void) {
  enum { kNoProcessor = 4711 };
  const uint64_t me = self()->number;
  int64_t prodded = kSuccess, ceded = kSuccess;
  for (int attempt = 0; attempt < 5; ++attempt) {  // if the host paused, the decrementer may have expired first
    disable_interrupts();
    allow(kDecrementer, 0);
    set_decrementer(4000 * kMillisecond);
    prodded |= HCALL(kProd, me);
    ceded |= HCALL(kCede);
    disable_interrupts();
    if (under_v2 || interrupt_count() == 0) break;
  }
  expect("H_PROD of the own processor succeeds", prodded, kSuccess);
  expect("H_CEDE after H_PROD succeeds", ceded, kSuccess);
  if (!under_v2) expect("H_CEDE after H_PROD returns before the decrementer expires", interrupt_count(), 0);
  allow_none();
  expect("H_PROD of an unknown processor is refused", HCALL(kProd, kNoProcessor), kParameter);
  expect("H_CONFER to all succeeds", HCALL(kConfer, -1ull, 0), kSuccess);
  expect("H_CONFER to an unknown processor is refused", HCALL(kConfer, kNoProcessor, 0), kParameter);
}

// --- Areas that a processor shares with the hypervisor (LoPAR 14.11.3)

static uint8_t vpa[1024] __attribute__((aligned(4096))), trace[4096] __attribute__((aligned(4096))),
    shadow[256] __attribute__((aligned(4096)));

static int64_t register_area(uint64_t function, uint64_t processor, uint64_t address) {
  return HCALL(kRegisterVpa, function << 45, processor, address);
}
static int64_t register_of_size(uint64_t function, uint64_t address, uint32_t size) {
  if (function == 1)
    *(volatile uint16_t *)(address + 4) = kLittle ? __builtin_bswap16(size) : size;
  else
    *(volatile uint32_t *)(address + 4) = be32(size);
  return register_area(function, self()->number, address);
}

static void test_register_vpa(void) {
  enum {
    kVpa = 1,
    kTrace = 2,
    kShadow = 3,
    kNoVpa = 5,
    kNoTrace = 6,
    kNoShadow = 7,
    kNoProcessor = 4711,
    kVpaSize = 640
  };
  const uint64_t me = self()->number, at = (uintptr_t)vpa;
  expect("H_REGISTER_VPA refuses an unknown processor", register_area(kVpa, kNoProcessor, at), kParameter);
  expect("H_REGISTER_VPA refuses function 0", register_area(0, me, at), kParameter);
  expect("H_REGISTER_VPA refuses an unaligned address", register_area(kVpa, me, at + 8), kParameter);
  expect("H_REGISTER_VPA refuses a small VPA", register_of_size(kVpa, at, kVpaSize - 1), kParameter);
  expect("H_REGISTER_VPA refuses a VPA across a page boundary", register_of_size(kVpa, at + 4096 - 512, kVpaSize),
         kParameter);
  expect("H_REGISTER_VPA refuses an address outside memory", register_area(kVpa, me, 1ull << 50), kParameter);
  expect("H_REGISTER_VPA refuses a dispatch trace log without a VPA",
         register_of_size(kTrace, (uintptr_t)trace, sizeof trace), kResource);
  expect("H_REGISTER_VPA takes a VPA", register_of_size(kVpa, at, kVpaSize), kSuccess);
  expect("H_REGISTER_VPA refuses a small dispatch trace log", register_of_size(kTrace, (uintptr_t)trace, 47),
         kParameter);
  expect("H_REGISTER_VPA takes a dispatch trace log", register_of_size(kTrace, (uintptr_t)trace, sizeof trace),
         kSuccess);
  expect("H_REGISTER_VPA takes an SLB shadow buffer", register_of_size(kShadow, (uintptr_t)shadow, sizeof shadow),
         kSuccess);
  expect("H_REGISTER_VPA keeps a VPA while a dispatch trace log is registered", register_area(kNoVpa, me, 0),
         kResource);
  expect("H_REGISTER_VPA deregisters a dispatch trace log", register_area(kNoTrace, me, 0), kSuccess);
  expect("H_REGISTER_VPA deregisters an SLB shadow buffer", register_area(kNoShadow, me, 0), kSuccess);
  expect("H_REGISTER_VPA deregisters a VPA", register_area(kNoVpa, me, 0), kSuccess);
}

void test_kernel_hypercalls(void) {
  take_interrupts_in_our_byte_order();
  if (!under_v2) test_cede_when_expired();
  test_cede();
  test_prod_and_confer();
  test_register_vpa();
}
