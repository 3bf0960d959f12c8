// SPDX-License-Identifier: Apache-2.0
//
// What single instructions do.
#include "bare.h"

enum {
  kAlignment = 0x600,
  kProgram = 0x700,
  kFloatUnavailable = 0x800,
  kSystemCall = 0xc00,
  kVectorUnavailable = 0xf20
};
// SRR1 of a program interrupt (Power ISA 3.1 Book III 7.5.9)
enum {
  kIllegal = 1 << 19,
  kPrivileged = 1 << 18,
  kTrap = 1 << 17,
  kReasons = kIllegal | kPrivileged | kTrap | 1 << 20
};
static const uint64_t kPrefixed = 1ull << 29;  // SRR1[34]

static void test_interrupting(void) {
  const struct processor *me = self();
  allow(kProgram, 4);
  do_trap();
  expect("trap makes a program interrupt", me->count, 1);
  expect("its SRR0 is the trap's address", me->srr0 - 4, (uintptr_t)do_trap);
  expect("its SRR1 says that it is a trap", me->srr1 & kReasons, kTrap);
  allow(kSystemCall, 0);
  do_system_call();
  expect("sc without level makes a system call interrupt", me->count, 1);
  expect("its SRR0 is behind it", me->srr0, (uintptr_t)do_system_call + 4);
  allow(kFloatUnavailable, 4);
  do_float();
  expect("floating point is unavailable at first", me->count, 1);
  expect("which interrupts at 0x800", me->vector, kFloatUnavailable);
  allow(kVectorUnavailable, 4);
  do_vector();
  expect("vectors are unavailable at first", me->count, 1);
  expect("which interrupts at 0xf20", me->vector, kVectorUnavailable);
  allow_none();
}

static void test_special_registers(void) {
  const struct processor *me = self();
  uint64_t value;
  __asm__ volatile("mfpvr %0" : "=r"(value));
  expect_true("the PVR can be read", value >> 16 != 0, value, "a version");
  note("PVR", value);
  static const uint64_t kPattern = 0x55aa33cc0ff01234;
  __asm__ volatile("mtsprg 3,%1; mfspr %0,259" : "=r"(value) : "r"(kPattern));
  expect("SPRG3 can be read as users do", value, kPattern);
  allow(kProgram, 4);
  do_mfspr_lpcr();
  expect("a hypervisor's register interrupts", me->count, 1);
  note("SRR1 of the hypervisor's register", me->srr1);
  expect_true("as a program interrupt with a reason",
              (me->srr1 & kReasons) == kPrivileged || (me->srr1 & kReasons) == kIllegal, me->srr1 & kReasons,
              "privileged or illegal");
  allow_none();
}

static void test_alignment(void) {
  static uint8_t bytes[8192] __attribute__((aligned(4096)));
  for (unsigned i = 0; i < sizeof bytes; ++i) bytes[i] = i * 13 + (i >> 8);
  uint64_t wrong = 0;
  for (unsigned at = 4096 - 9; at < 4096 + 2; ++at) {  // across a page's end, too
    uint64_t expected = 0;
    for (int i = 0; i < 8; ++i) expected = expected << 8 | bytes[at + (kLittle ? 7 - i : i)];
    wrong += *(volatile uint64_t *)(bytes + at) != expected;
  }
  expect("a load that is not aligned gives the bytes that are there", wrong, 0);
  *(volatile uint64_t *)(bytes + 4093) = 0x1122334455667788;
  expect("a store that is not aligned puts them there", bytes[4093], kLittle ? 0x88 : 0x11);
  expect("across a page's end, too", bytes[4100], kLittle ? 0x11 : 0x88);
  const struct processor *me = self();
  allow(kAlignment, 4);
  do_unaligned_reservation(bytes + 1);
  expect("a reservation that is not aligned interrupts", me->count, 1);
  expect("at 0x600", me->vector, kAlignment);
  expect("and DAR says where", me->dar, (uintptr_t)bytes + 1);
  allow_none();
}

// --- Outside memory: loads read as ones, stores vanish, as on a bus without an answer.

#define LOAD(instruction, at)                                                  \
  ({                                                                           \
    uint64_t value_;                                                           \
    __asm__ volatile(instruction : "=r"(value_) : "b"(at), "r"(0) : "memory"); \
    value_;                                                                    \
  })

static void test_outside(void) {
  const uint32_t *cells = property(find_node("/memory"), "reg", NULL);
  const uint64_t end = (uint64_t)be32(cells[2]) << 32 | be32(cells[3]);
  const uint64_t kPlaces[] = {end, end + 0x12345678, 1ull << 40};
  for (int i = 0; i < 3; ++i) {
    const uint64_t at = kPlaces[i];
    expect("a byte outside memory reads as ones", LOAD("lbz %0,0(%1)", at), 0xff);
    expect("a halfword outside memory reads as ones", LOAD("lhz %0,0(%1)", at), 0xffff);
    expect("a word outside memory reads as ones", LOAD("lwz %0,0(%1)", at), 0xffffffff);
    expect("a doubleword outside memory reads as ones", LOAD("ld %0,0(%1)", at), ~0ull);
  }
  expect("a halfword with a sign is extended", LOAD("lha %0,0(%1)", end), ~0ull);
  expect("a word with a sign is extended", LOAD("lwa %0,0(%1)", end), ~0ull);
  expect("an indexed load outside memory reads as ones", LOAD("lwzx %0,%1,%2", end), 0xffffffff);
  expect("a load in the other byte order reads as ones", LOAD("lwbrx %0,%2,%1", end), 0xffffffff);
  uint64_t at = end, value;
  __asm__ volatile("lwzu %0,8(%1)" : "=r"(value), "+b"(at) : : "memory");
  expect("a load with update outside memory reads as ones", value, 0xffffffff);
  expect("and updates the address", at, end + 8);
  volatile uint64_t *last = (volatile uint64_t *)(end - 8);
  *last = 0x1020304050607080;
  __asm__ volatile("std %0,0(%1); stw %0,4(%1); sth %0,2(%1); stb %0,9(%1)" : : "r"(0), "b"(end) : "memory");
  expect("stores outside memory vanish", LOAD("ld %0,0(%1)", end), ~0ull);
  expect("and touch nothing inside", *last, 0x1020304050607080);
}

static void test_code(void) {
  write_code((uint32_t *)do_rewritten, 0x38600bad);  // li r3,0xbad
  expect("code that was written is what runs", do_rewritten(), 0xbad);
  write_code((uint32_t *)do_rewritten, 0x38600042);
  expect("code that was rewritten is what runs", do_rewritten(), 0x42);
}

void test_instructions(void) {
  take_interrupts_in_our_byte_order();
  __asm__ volatile("mtdec %0" : : "r"(0x7fffffff));
  test_interrupting();
  test_special_registers();
  test_alignment();
  test_code();
  test_outside();
}

// Two tests of their own, since under nested API v2 an emulated hypervisor ends a guest at what it takes for illegal.

void test_illegal(void) {
  take_interrupts_in_our_byte_order();
  note("an illegal instruction at", (uintptr_t)do_illegal);
  allow(kProgram, 4);
  do_illegal();
  expect("an instruction word of 0 makes a program interrupt", self()->count, 1);
  expect("its SRR0 is its address", self()->srr0 - 4, (uintptr_t)do_illegal);
  expect("its SRR1 says that it is illegal", self()->srr1 & kReasons, kIllegal);
  allow_none();
}

void test_prefixed(void) {
  take_interrupts_in_our_byte_order();
  allow(kProgram, 8);
  const uint64_t value = do_pli();
  const struct processor *me = self();
  if (has_word("isa31")) {
    expect("a prefixed instruction is executed", value, 0x12345678);
    expect("and does not interrupt", me->count, 0);
  } else {
    expect("a prefixed instruction interrupts", me->count, 1);
    expect("its SRR0 is the prefix's address", me->srr0 - 8, (uintptr_t)do_pli);
    expect_true("its SRR1 says that it is illegal", (me->srr1 & kReasons) == kIllegal, me->srr1, "bit 44");
    note("SRR1 says that it is prefixed", (me->srr1 & kPrefixed) != 0);
  }
  allow_none();
}
