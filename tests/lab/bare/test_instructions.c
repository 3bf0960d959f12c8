// SPDX-License-Identifier: Apache-2.0
//
// The effects of single instructions: the interrupts that they cause, with SRR0 and SRR1 (Power ISA 3.1, Book
// III, 7.5), unaligned accesses, rewritten code, and accesses to addresses without memory.
//
// An access outside memory reaches the VMM as an MMIO exit, for which KVM decodes the instruction. So the loads and
// stores cover each size, sign extension, byte reversal and update forms.
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
  expect("trap causes a program interrupt", me->count, 1);
  expect("its SRR0 is the trap's address", me->srr0 - 4, (uintptr_t)do_trap);
  expect("its SRR1 has the trap bit", me->srr1 & kReasons, kTrap);
  allow(kSystemCall, 0);
  do_system_call();
  expect("sc without a level causes a system call interrupt", me->count, 1);
  expect("its SRR0 is the next instruction", me->srr0, (uintptr_t)do_system_call + 4);
  allow(kFloatUnavailable, 4);
  do_float();
  expect("floating point is unavailable at first", me->count, 1);
  expect("the floating point unavailable interrupt is at 0x800", me->vector, kFloatUnavailable);
  allow(kVectorUnavailable, 4);
  do_vector();
  expect("vectors are unavailable at first", me->count, 1);
  expect("the vector unavailable interrupt is at 0xf20", me->vector, kVectorUnavailable);
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
  expect("SPRG3 can be read by its number for user programs", value, kPattern);
  allow(kProgram, 4);
  do_mfspr_lpcr();
  expect("reading a hypervisor register interrupts", me->count, 1);
  note("SRR1 of the hypervisor register", me->srr1);
  expect_true("reading a hypervisor register is privileged or illegal",
              (me->srr1 & kReasons) == kPrivileged || (me->srr1 & kReasons) == kIllegal, me->srr1 & kReasons,
              "privileged or illegal");
  allow_none();
}

static void test_alignment(void) {
  static uint8_t bytes[8192] __attribute__((aligned(4096)));
  for (unsigned i = 0; i < sizeof bytes; ++i) bytes[i] = i * 13 + (i >> 8);
  uint64_t wrong = 0;
  for (unsigned at = 4096 - 9; at < 4096 + 2; ++at) {  // also across the end of a page
    uint64_t expected = 0;
    for (int i = 0; i < 8; ++i) expected = expected << 8 | bytes[at + (kLittle ? 7 - i : i)];
    wrong += *(volatile uint64_t *)(bytes + at) != expected;
  }
  expect("an unaligned load returns the right bytes", wrong, 0);
  *(volatile uint64_t *)(bytes + 4093) = 0x1122334455667788;
  expect("an unaligned store writes its first byte", bytes[4093], kLittle ? 0x88 : 0x11);
  expect("an unaligned store writes its last byte, across a page boundary", bytes[4100], kLittle ? 0x11 : 0x88);
  const struct processor *me = self();
  allow(kAlignment, 4);
  do_unaligned_reservation(bytes + 1);
  expect("an unaligned reservation interrupts", me->count, 1);
  expect("the alignment interrupt is at 0x600", me->vector, kAlignment);
  expect("DAR is the unaligned address", me->dar, (uintptr_t)bytes + 1);
  allow_none();
}

// --- Outside memory: loads return ones, stores have no effect, as on a bus without a device at the address.

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
    expect("a byte load outside memory returns ones", LOAD("lbz %0,0(%1)", at), 0xff);
    expect("a halfword load outside memory returns ones", LOAD("lhz %0,0(%1)", at), 0xffff);
    expect("a word load outside memory returns ones", LOAD("lwz %0,0(%1)", at), 0xffffffff);
    expect("a doubleword load outside memory returns ones", LOAD("ld %0,0(%1)", at), ~0ull);
  }
  expect("a signed halfword load outside memory is extended", LOAD("lha %0,0(%1)", end), ~0ull);
  expect("a signed word load outside memory is extended", LOAD("lwa %0,0(%1)", end), ~0ull);
  expect("an indexed load outside memory returns ones", LOAD("lwzx %0,%1,%2", end), 0xffffffff);
  expect("a byte-reversed load outside memory returns ones", LOAD("lwbrx %0,%2,%1", end), 0xffffffff);
  uint64_t at = end, value;
  __asm__ volatile("lwzu %0,8(%1)" : "=r"(value), "+b"(at) : : "memory");
  expect("a load with update outside memory returns ones", value, 0xffffffff);
  expect("a load with update outside memory updates the address", at, end + 8);
  volatile uint64_t *last = (volatile uint64_t *)(end - 8);
  *last = 0x1020304050607080;
  __asm__ volatile("std %0,0(%1); stw %0,4(%1); sth %0,2(%1); stb %0,9(%1)" : : "r"(0), "b"(end) : "memory");
  expect("stores outside memory have no effect", LOAD("ld %0,0(%1)", end), ~0ull);
  expect("stores outside memory change nothing inside", *last, 0x1020304050607080);
}

static void test_code(void) {
  write_code((uint32_t *)do_rewritten, 0x38600bad);  // li r3,0xbad
  expect("written code is executed", do_rewritten(), 0xbad);
  write_code((uint32_t *)do_rewritten, 0x38600042);
  expect("rewritten code is executed", do_rewritten(), 0x42);
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

// These are separate tests: under nested API v2, an emulated hypervisor ends a guest at an instruction that it deems
// illegal.

void test_illegal(void) {
  take_interrupts_in_our_byte_order();
  note("an illegal instruction at", (uintptr_t)do_illegal);
  allow(kProgram, 4);
  do_illegal();
  expect("an instruction word of 0 causes a program interrupt", self()->count, 1);
  expect("its SRR0 is its address", self()->srr0 - 4, (uintptr_t)do_illegal);
  expect("its SRR1 has the illegal-instruction bit", self()->srr1 & kReasons, kIllegal);
  allow_none();
}

void test_prefixed(void) {
  take_interrupts_in_our_byte_order();
  allow(kProgram, 8);
  const uint64_t value = do_pli();
  const struct processor *me = self();
  if (has_word("isa31")) {
    expect("a prefixed instruction is executed", value, 0x12345678);
    expect("a prefixed instruction does not interrupt", me->count, 0);
  } else {
    expect("a prefixed instruction interrupts", me->count, 1);
    expect("its SRR0 is the prefix's address", me->srr0 - 8, (uintptr_t)do_pli);
    expect_true("its SRR1 has the illegal-instruction bit", (me->srr1 & kReasons) == kIllegal, me->srr1, "bit 44");
    note("SRR1 has the prefixed-instruction bit", (me->srr1 & kPrefixed) != 0);
  }
  allow_none();
}
