// SPDX-License-Identifier: Apache-2.0
//
// A small program for a pseries machine without an operating system. This header declares the parts that its files
// share. The program stands for other bare programs for such machines: it relies only on PAPR's promises, not on
// Parley, and finds its devices in the device tree.
//
//   start.S         the entry points: firmware's, further processors', interrupts'; instructions that C cannot express
//   main.c          relocation, the command line, and the table of tests
//   machine.c       the terminal, the clock, RTAS, power-off
//   tree.c, text.c  the device tree, the command line, strings
//   interrupts.c    the vectors in low memory
//   test_*.c        the tests, one per word of the command line
//
// The same source is built for both byte orders. All addresses are real addresses: translation stays off.
#ifndef BARE_H
#define BARE_H

#define STACK_SIZE 65536  // after the image, outside all program headers

// Offsets in struct processor.
#define AT_SRR0 256
#define AT_SRR1 264
#define AT_CR 272
#define AT_LR 280
#define AT_CTR 288
#define AT_XER 296
#define AT_DAR 304
#define AT_DSISR 312
#define AT_VECTOR 320
#define AT_MSR 328
#define AT_INTERRUPT_STACK 336
#define AT_STACK 344

// In low memory, after the last vector: the handler for interrupts in the other byte order, and its counter.
#define FOREIGN_CODE 0x3000
#define FOREIGN_COUNT 0x3080

#define MSR_SF (1ull << 63)
#define MSR_EE 0x8000
#define MSR_ME 0x1000
#define MSR_RI 0x2
#define MSR_LE 0x1

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

#ifdef __LITTLE_ENDIAN__
enum { kLittle = true };
static inline uint32_t be32(uint32_t value) { return __builtin_bswap32(value); }
static inline uint64_t be64(uint64_t value) { return __builtin_bswap64(value); }
#else
enum { kLittle = false };
static inline uint32_t be32(uint32_t value) { return value; }
static inline uint64_t be64(uint64_t value) { return value; }
#endif

// --- start.S

// The state of one processor: first, the registers that its latest interrupt saved. SPRG2 holds the address of this
// struct.
struct processor {
  uint64_t gpr[32];
  uint64_t srr0, srr1, cr, lr, ctr, xer, dar, dsisr;
  uint64_t vector;  // 0x100, 0x200, ...
  uint64_t msr;     // at the start of the interrupt handler
  uint64_t interrupt_stack, stack;
  // For interrupts.c
  uint64_t allowed;  // one bit per vector: its interrupts are expected
  uint64_t skip;     // the number of bytes to skip at the interrupted instruction
  uint64_t count;    // the number of expected interrupts so far
  uint64_t xirr;     // H_XIRR's result for the latest external interrupt
  // For test_smp.c: the processor's task, the number of its starts, its MSR at entry, and its progress.
  uint64_t number, argument, lives, entry_msr, done, wakes, is_prodded;
};

extern char _start[], _end[], interrupt_entry[], foreign[], foreign_end[], secondary_start[];
int64_t hypercall(uint64_t number, uint64_t registers[9]);
void call_rtas_entry(void *block, uint64_t entry, uint64_t msr_bits_off);
// The first instruction of each function is the tested one.
uint64_t do_trap(void), do_illegal(void), do_system_call(void), do_float(void), do_vector(void), do_pli(void),
    do_unaligned_reservation(void *at), do_mfspr_lpcr(void), do_rewritten(void);

// --- machine.c: hypercalls, output, RTAS

// A hypercall with up to nine arguments, of which only the status is needed.
#define HCALL(number, ...) hypercall(number, (uint64_t[9]){__VA_ARGS__})

enum {
  kSetSprg0 = 0x24,
  kPageInit = 0x2c,
  kLogicalCiLoad = 0x3c,
  kLogicalCiStore = 0x40,
  kLogicalCacheLoad = 0x44,
  kLogicalCacheStore = 0x48,
  kLogicalIcbi = 0x4c,
  kLogicalDcbf = 0x50,
  kGetTermChar = 0x54,
  kPutTermChar = 0x58,
  kEoi = 0x64,
  kCppr = 0x68,
  kIpi = 0x6c,
  kIpoll = 0x70,
  kXirr = 0x74,
  kRegisterVpa = 0xdc,
  kCede = 0xe0,
  kConfer = 0xe4,
  kProd = 0xe8,
  kVioSignal = 0x104,
  kGetCpuCharacteristics = 0x1c8,
  kXirrX = 0x2fc,
  kRandom = 0x300,
  kSetMode = 0x31c,
  kRegisterProcTbl = 0x37c,
  kRtas = 0xf000,
};
enum {
  kSuccess = 0,
  kBusy = 1,
  kFunction = -2,
  kParameter = -4,
  kResource = -16,
  kP2 = -55,
  kP3 = -56,
  kP4 = -57,
  kUnsupportedFlag = -256,
};

extern uint64_t vty;               // the unit of the terminal
extern uint32_t ticks_per_second;  // of the timebase
extern bool under_v2;              // the command line says that the host's nested API is v2: see main.c

static inline uint64_t ticks(void) { return __builtin_ppc_get_timebase(); }
static inline uint64_t msr(void) {
  uint64_t value;
  __asm__ volatile("mfmsr %0" : "=r"(value) : : "memory");
  return value;
}
// The comparable bits of an MSR: under v2, QEMU's emulated hypervisor hides MSR[ME] from its guests.
static inline uint64_t visible_msr(uint64_t value) { return under_v2 ? value & ~(uint64_t)MSR_ME : value; }
void wait_us(uint64_t microseconds);
void say(const char *text);
void say_number(uint64_t number);
void flush(void);
// Each prints one line. expect_one_of() is for answers that differ between hosts.
void expect(const char *sentence, uint64_t got, uint64_t expected);
void expect_true(const char *sentence, bool holds, uint64_t got, const char *expected);
void expect_one_of(const char *sentence, uint64_t got, size_t count, const uint64_t *expected);
#define EXPECT_ONE_OF(sentence, got, ...) \
  expect_one_of(sentence, got, sizeof((uint64_t[]){__VA_ARGS__}) / 8, (const uint64_t[]){__VA_ARGS__})
void note(const char *sentence, uint64_t number);
_Noreturn void finish(void);

// Returns the call's status, or kNoSuchCall when the tree has no token of that name. `results` excludes the status.
enum { kNoSuchCall = 12345, kMaxCells = 12 };
int32_t rtas(const char *name, uint32_t nargs, const uint32_t *arguments, uint32_t nret, uint32_t *results);
#define RTAS(name, nret, results, ...) \
  rtas(name, sizeof((uint32_t[]){0, ##__VA_ARGS__}) / 4 - 1, &(const uint32_t[]){0, ##__VA_ARGS__}[1], nret, results)
int64_t rtas_block(uint32_t *block, uint32_t token, uint32_t nargs, uint32_t nret, const uint32_t *arguments);

// --- tree.c: the flattened device tree

typedef const uint32_t *Node;
extern const void *tree;
bool tree_is_sound(void);
uint32_t tree_size(void);
const uint64_t *first_reservation(void);
Node find_node(const char *path);  // components match with or without their unit address
Node first_child(Node parent), next_sibling(Node node);
const void *property(Node node, const char *name, uint32_t *length);
bool cell(Node node, const char *name, uint32_t *value);
bool has_text(Node node, const char *name, const char *text);  // in a list of strings
uint64_t number_property(Node node, const char *name);         // of one or two cells; 0 when there is none

// --- text.c

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
bool is_same_text(const char *a, const char *b);
// The number after NAME= on the command line; false when the word is missing.
bool option(const char *name, uint64_t *value);
bool has_word(const char *word);
uint64_t place_of(const char *name);  // the offset of the word that begins with `name`
uint64_t checksum(const void *at, uint64_t size);
extern const char *bootargs;

// --- interrupts.c

void install_vectors(void);
void take_interrupts_in_our_byte_order(void);
bool vectors_are_intact(void);
struct processor *self(void);
void set_self(struct processor *processor);
extern struct processor processors[];
enum { kMaxProcessors = 8 };
// Interrupts at this vector are expected from now on; resets the count.
void allow(uint64_t vector, uint64_t skip);
void allow_none(void);
void enable_interrupts(void), disable_interrupts(void);
// The number of interrupts since allow().
static inline uint64_t interrupt_count(void) { return *(volatile uint64_t *)&self()->count; }
// Waits until an interrupt has occurred or the time is up; returns the count.
uint64_t wait_for_interrupt(uint64_t microseconds);
uint8_t foreign_count(void);
void write_code(uint32_t *at, uint32_t instruction);

// --- tests

struct entry_state {
  uint64_t fdt, r4, r5, msr, base, dirty_at, relocations;
};
extern struct entry_state entered;
void test_entry(void), test_rtas(void), test_hypercalls(void), test_kernel_hypercalls(void), test_decrementer(void),
    test_external(void), test_input(void), test_instructions(void), test_illegal(void), test_prefixed(void),
    test_smp(void);

#pragma GCC visibility pop
#endif
#endif
