// SPDX-License-Identifier: Apache-2.0
//
// The interrupt vectors in low memory, and the handling of interrupts (Power ISA 3.1, Book III, 7.5).
//
// An interrupt may arrive in either byte order, because H_SET_MODE selects it. A vector has at most eight words: some
// vectors are only 0x20 bytes apart. In this program's byte order the first word is b .+8, which skips the second word.
// In the other byte order the first word is tdi 0,r0,0x48, which does nothing; the second word, stored in that byte
// order, then branches to the handler at FOREIGN_CODE.
#include "bare.h"

static const uint16_t kVectors[] = {0x100, 0x200, 0x300, 0x380, 0x400, 0x480, 0x500, 0x600, 0x700, 0x800, 0x900,
                                    0x980, 0xa00, 0xc00, 0xd00, 0xe00, 0xe40, 0xf00, 0xf20, 0xf40, 0xf60};
enum { kVectorCount = sizeof kVectors / sizeof *kVectors, kVectorWords = 5 };
enum { kExternal = 0x500, kDecrementer = 0x900 };
enum { kBranchAbsolute = 0x48000002 };

static char interrupt_stacks[kMaxProcessors][8192] __attribute__((aligned(16)));
static char stacks[kMaxProcessors][8192] __attribute__((aligned(16)));
struct processor processors[kMaxProcessors];

_Static_assert(offsetof(struct processor, srr0) == AT_SRR0 && offsetof(struct processor, dsisr) == AT_DSISR, "start.S");
_Static_assert(offsetof(struct processor, vector) == AT_VECTOR && offsetof(struct processor, msr) == AT_MSR, "start.S");
_Static_assert(offsetof(struct processor, interrupt_stack) == AT_INTERRUPT_STACK, "start.S");
_Static_assert(offsetof(struct processor, stack) == AT_STACK, "start.S");

void write_code(uint32_t *at, uint32_t instruction) {
  *(volatile uint32_t *)at = instruction;
  __asm__ volatile("dcbst 0,%0; sync; icbi 0,%0; sync; isync" : : "r"(at) : "memory");
}

// A pointer whose value is hidden from the compiler, which would treat low addresses as null pointers.
static uint32_t *low(uint32_t at) {
  uintptr_t address = at;
  __asm__("" : "+r"(address));
  return (uint32_t *)address;
}

static void vector_code(uint32_t vector, uint32_t words[kVectorWords]) {
  words[0] = 0x48000008;  // b .+8
  words[1] = __builtin_bswap32(kBranchAbsolute | FOREIGN_CODE);
  words[2] = 0x7db143a6;                                              // mtsprg 1,r13
  words[3] = 0x39a00000 | vector;                                     // li r13,vector
  words[4] = kBranchAbsolute | (uint32_t)(uintptr_t)interrupt_entry;  // below 32 MiB
}

void install_vectors(void) {
  for (int i = 0; i < kVectorCount; ++i) {
    uint32_t words[kVectorWords];
    vector_code(kVectors[i], words);
    for (int word = 0; word < kVectorWords; ++word) write_code(low(kVectors[i] + 4 * word), words[word]);
  }
  const uint32_t *code = (const uint32_t *)foreign;
  for (int word = 0; code + word < (const uint32_t *)foreign_end; ++word)
    write_code(low(FOREIGN_CODE + 4 * word), __builtin_bswap32(code[word]));
  *low(FOREIGN_COUNT) = 0;
  for (int i = 0; i < kMaxProcessors; ++i) {
    processors[i].interrupt_stack = (uintptr_t)interrupt_stacks[i] + sizeof interrupt_stacks[i] - 128;
    processors[i].stack = (uintptr_t)stacks[i] + sizeof stacks[i] - 128;
  }
}

bool vectors_are_intact(void) {
  for (int i = 0; i < kVectorCount; ++i) {
    uint32_t words[kVectorWords];
    vector_code(kVectors[i], words);
    for (int word = 0; word < kVectorWords; ++word)
      if (*low(kVectors[i] + 4 * word) != words[word]) return false;
  }
  return true;
}

void take_interrupts_in_our_byte_order(void) {
  enum { kByteOrder = 4 };
  const int64_t status = HCALL(kSetMode, kLittle, kByteOrder, 0, 0);
  if (status != kSuccess) expect("H_SET_MODE selects this program's byte order for interrupts", status, kSuccess);
}

uint8_t foreign_count(void) { return *(volatile uint8_t *)low(FOREIGN_COUNT); }

struct processor *self(void) {
  struct processor *processor;
  __asm__ volatile("mfsprg %0,2" : "=r"(processor));
  return processor;
}

void set_self(struct processor *processor) { __asm__ volatile("mtsprg 2,%0" : : "r"(processor)); }

void allow(uint64_t vector, uint64_t skip) {
  struct processor *processor = self();
  processor->allowed = 1ull << (vector >> 8);
  processor->skip = skip;
  processor->vector = 0;
  *(volatile uint64_t *)&processor->count = 0;
}

void allow_none(void) { self()->allowed = 0; }

void enable_interrupts(void) { __asm__ volatile("mtmsrd %0,1" : : "r"(MSR_EE | MSR_RI) : "memory"); }
void disable_interrupts(void) { __asm__ volatile("mtmsrd %0,1" : : "r"(MSR_RI) : "memory"); }

uint64_t wait_for_interrupt(uint64_t microseconds) {
  const bool is_decrementer = self()->allowed & 1ull << (kDecrementer >> 8);
  const uint64_t end = ticks() + microseconds * ticks_per_second / 1000000;
  for (uint64_t now = ticks(), next = now; !interrupt_count() && now < end; now = ticks()) {
    if (is_decrementer || now < next) continue;
    // The decrementer must not expire meanwhile. Set it once per second: setting it delays an emulator's other timers.
    __asm__ volatile("mtdec %0" : : "r"(0x7fffffff));
    next = now + ticks_per_second;
  }
  return interrupt_count();
}

static _Noreturn void unexpected(const struct processor *processor) {
  static bool is_ending;
  if (is_ending) RTAS("power-off", 1, NULL, 0xffffffff, 0xffffffff);
  is_ending = true;
  say("\n");
  expect("no unexpected interrupt occurs", processor->vector, 0);
  note("SRR0", processor->srr0);
  note("SRR0 minus the load address", processor->srr0 - (uintptr_t)_start);
  note("SRR1", processor->srr1);
  note("DAR", processor->dar);
  note("DSISR", processor->dsisr);
  finish();
}

void interrupted(struct processor *processor) {
  if (!(processor->allowed & 1ull << (processor->vector >> 8))) unexpected(processor);
  ++processor->count;
  processor->srr0 += processor->skip;
  if (processor->vector == kDecrementer) __asm__ volatile("mtdec %0" : : "r"(0x7fffffff));
  if (processor->vector == kExternal) {
    uint64_t registers[9] = {0};
    hypercall(kXirr, registers);
    processor->xirr = registers[0];
    if ((registers[0] & 0xffffff) == 2) HCALL(kIpi, processor->number, 0xff);
    HCALL(kEoi, registers[0]);
  }
}
